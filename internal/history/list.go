package history

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/productchange"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/pagination"
)

// listing is what makes a list of changes what it is. Page tokens are bound to it.
type listing struct {
	List      string  `json:"list"`
	ProductID string  `json:"product_id"`
	Sequences []int64 `json:"sequences,omitempty"`
}

// List returns a page of the history of a product, live or deleted, or of the whole catalog if the id is
// uuid.Nil, the newest first: nothing for a product that does not exist. Returns PAGE_TOKEN_INVALID.
func List(
	ctx context.Context, db *ent.Client, productID uuid.UUID, req *catalogv1.ListProductChangesRequest,
) (*catalogv1.ListProductChangesResponse, error) {
	list := listing{"product_changes", req.GetProductId(), req.GetSequences()}
	var before int64
	hasToken, err := pagination.Parse(req.GetPageToken(), list, &before)
	if err != nil {
		return nil, err
	}
	size := pagination.Size(req.GetPageSize())
	query := db.ProductChange.Query().Order(ent.Desc(productchange.FieldID)).Limit(size + 1)
	if hasToken {
		query.Where(productchange.IDLT(before))
	}
	if len(list.Sequences) > 0 {
		query.Where(productchange.IDIn(list.Sequences...))
	}
	if productID != uuid.Nil {
		query.Where(productchange.ProductID(productID))
	}
	found, err := query.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list product changes: %w", err)
	}
	return listPage(list, found, size)
}

// Since returns the newest changes of a product after a version of it, the newest first.
func Since(
	ctx context.Context, db *ent.Client, productID uuid.UUID, version int64, limit int,
) ([]*ent.ProductChange, error) {
	changes, err := db.ProductChange.Query().
		Where(productchange.ProductID(productID), productchange.VersionGT(version)).
		Order(ent.Desc(productchange.FieldID)).
		Limit(limit).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("changes of product %s since version %d: %w", productID, version, err)
	}
	return changes, nil
}

// FieldsSince returns the names of all fields that changed after a version of a product, those of the newest
// change first.
func FieldsSince(ctx context.Context, db *ent.Client, productID uuid.UUID, version int64) ([]string, error) {
	var names []string
	next := int64(math.MaxInt64)
	for {
		changes, err := db.ProductChange.Query().
			Where(productchange.ProductID(productID), productchange.VersionGT(version), productchange.IDLT(next)).
			Order(ent.Desc(productchange.FieldID)).
			Limit(insertChunk).
			Select(productchange.FieldID, productchange.FieldFields).
			All(ctx)
		if err != nil {
			return nil, fmt.Errorf("fields of product %s since version %d: %w", productID, version, err)
		}
		for _, c := range changes {
			for _, f := range c.Fields {
				if !slices.Contains(names, f.Name) {
					names = append(names, f.Name)
				}
			}
			next = c.ID
		}
		if len(changes) < insertChunk {
			return names, nil
		}
	}
}

// listPage returns the first size changes that were found, and the token for the rest if there is
// any.
func listPage(
	list listing, found []*ent.ProductChange, size int,
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
