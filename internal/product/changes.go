package product

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/ent/productchange"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/pagination"
)

// history is what makes a list of changes what it is. Page tokens are bound to it.
type history struct {
	List      string  `json:"list"`
	ProductID string  `json:"product_id"`
	Sequences []int64 `json:"sequences,omitempty"`
}

// ListProductChanges returns a page of the history of a product, live or deleted, or of the whole
// catalog, the newest first. Returns PRODUCT_NOT_FOUND or PAGE_TOKEN_INVALID.
func (s *Service) ListProductChanges(
	ctx context.Context, req *catalogv1.ListProductChangesRequest,
) (*catalogv1.ListProductChangesResponse, error) {
	list := history{"product_changes", req.GetProductId(), req.GetSequences()}
	var before int64
	hasToken, err := pagination.Parse(req.GetPageToken(), list, &before)
	if err != nil {
		return nil, err
	}
	size := pagination.Size(req.GetPageSize())
	query := s.db.Reader().ProductChange.Query().Order(ent.Desc(productchange.FieldID)).Limit(size + 1)
	if hasToken {
		query.Where(productchange.IDLT(before))
	}
	if len(list.Sequences) > 0 {
		query.Where(productchange.IDIn(list.Sequences...))
	}
	if list.ProductID != "" {
		id, err := convert.ParseID("product_id", list.ProductID)
		if err != nil {
			return nil, err
		}
		query.Where(productchange.ProductID(id))
	}
	found, err := query.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list product changes: %w", err)
	}
	if len(found) == 0 && !hasToken {
		if err := s.mustExist(ctx, list.ProductID); err != nil {
			return nil, err
		}
	}
	return changesPage(list, found, size)
}

// mustExist returns PRODUCT_NOT_FOUND if there is no product with the id. An empty id names none.
func (s *Service) mustExist(ctx context.Context, productID string) error {
	if productID == "" {
		return nil
	}
	id, err := convert.ParseID("product_id", productID)
	if err != nil {
		return err
	}
	exists, err := s.db.Reader().Product.Query().Where(product.ID(id)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look up product: %w", err)
	}
	if !exists {
		return notFound(productID, "")
	}
	return nil
}

// changesPage returns the first size changes that were found, and the token for the rest if there is
// any.
func changesPage(
	list history, found []*ent.ProductChange, size int,
) (*catalogv1.ListProductChangesResponse, error) {
	resp := &catalogv1.ListProductChangesResponse{}
	if len(found) > size {
		found = found[:size]
		token, err := pagination.Token(list, found[size-1].ID)
		if err != nil {
			return nil, err
		}
		resp.NextPageToken = token
	}
	for _, c := range found {
		message, err := changeMessage(c)
		if err != nil {
			return nil, err
		}
		resp.Changes = append(resp.Changes, message)
	}
	return resp, nil
}

func changeMessage(c *ent.ProductChange) (*catalogv1.ProductChange, error) {
	message := &catalogv1.ProductChange{
		Sequence:   c.ID,
		ProductId:  c.ProductID.String(),
		Sku:        c.Sku,
		Operation:  operation(c.Operation),
		ActorId:    c.ActorID.String(),
		ActorName:  c.ActorName,
		CreateTime: timestamppb.New(c.CreateTime),
		Etag:       convert.ETag(c.Version),
	}
	for _, f := range c.Fields {
		before, err := value(f.Old)
		if err != nil {
			return nil, err
		}
		after, err := value(f.New)
		if err != nil {
			return nil, err
		}
		message.Fields = append(message.Fields, &catalogv1.ProductChange_FieldChange{
			Field: f.Name, OldValue: before, NewValue: after,
		})
	}
	return message, nil
}

func operation(op change.Operation) catalogv1.ProductChange_Operation {
	switch op {
	case change.Created:
		return catalogv1.ProductChange_OPERATION_CREATED
	case change.Updated:
		return catalogv1.ProductChange_OPERATION_UPDATED
	case change.Deleted:
		return catalogv1.ProductChange_OPERATION_DELETED
	case change.Undeleted:
		return catalogv1.ProductChange_OPERATION_UNDELETED
	default:
		return catalogv1.ProductChange_OPERATION_UNSPECIFIED
	}
}

// value returns the message for a stored JSON value; nothing stored is null.
func value(raw json.RawMessage) (*structpb.Value, error) {
	if len(raw) == 0 {
		return structpb.NewNullValue(), nil
	}
	v := &structpb.Value{}
	if err := v.UnmarshalJSON(raw); err != nil {
		return nil, fmt.Errorf("value of a change: %w", err)
	}
	return v, nil
}
