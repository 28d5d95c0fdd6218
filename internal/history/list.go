package history

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/productchange"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/pagination"
)

// listing identifies a list of changes. Page tokens are bound to it.
type listing struct {
	List      string  `json:"list"`
	ProductID string  `json:"product_id"`
	Sequences []int64 `json:"sequences,omitempty"`
	Ascending bool    `json:"ascending,omitempty"`
	Cursor    string  `json:"cursor,omitempty"`
}

// List returns a page of the history: of one product, live or deleted, or of the whole catalog if the id is uuid.Nil.
// The list of an unknown product is empty. Returns ORDER_BY_INVALID, PAGE_TOKEN_INVALID or CURSOR_INVALID.
func List(
	ctx context.Context, db *ent.Client, productID uuid.UUID, req *catalogv1.ListProductChangesRequest,
) (*catalogv1.ListProductChangesResponse, error) {
	ascending, err := parseOrder(req.GetOrderBy())
	if err != nil {
		return nil, err
	}
	list := listing{"product_changes", req.GetProductId(), req.GetSequences(), ascending, req.GetCursor()}
	var last int64
	hasToken, err := pagination.Parse(req.GetPageToken(), list, &last)
	if err != nil {
		return nil, err
	}
	after, err := parseCursor(ctx, db, list.Cursor)
	if err != nil {
		return nil, err
	}
	size := pagination.Size(req.GetPageSize())
	query := db.ProductChange.Query().Where(productchange.IDGT(after)).Limit(size + 1)
	if ascending {
		query.Order(ent.Asc(productchange.FieldID))
	} else {
		query.Order(ent.Desc(productchange.FieldID))
	}
	switch {
	case hasToken && ascending:
		query.Where(productchange.IDGT(last))
	case hasToken:
		query.Where(productchange.IDLT(last))
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
	resp, err := listPage(list, found, size)
	if err != nil {
		return nil, err
	}
	if ascending || !hasToken {
		resp.NextCursor = nextCursor(list, found[:min(len(found), size)])
	}
	return resp, nil
}

// parseOrder reports whether the oldest change comes first. Returns ORDER_BY_INVALID.
func parseOrder(orderBy string) (ascending bool, err error) {
	switch strings.Join(strings.Fields(orderBy), " ") {
	case "sequence", "sequence asc":
		return true, nil
	case "", "sequence desc":
		return false, nil
	default:
		return false, fault.ReasonedFields(fault.OrderByInvalid, fault.Violation{
			Field: "order_by", Description: `must be "sequence" or "sequence desc"`,
		})
	}
}

// nextCursor returns the position after the newest change of a page, or the cursor that the page began with.
func nextCursor(list listing, page []*ent.ProductChange) string {
	switch {
	case len(page) > 0 && list.Ascending:
		return cursorAfter(page[len(page)-1])
	case len(page) > 0:
		return cursorAfter(page[0])
	case list.Cursor != "":
		return list.Cursor
	default:
		return cursorAfter(nil)
	}
}

// Since returns the latest changes of a product after one of its versions, newest first.
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

// FieldsSince returns the names of all fields that changed after a version of a product, those of the latest change
// first.
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

// listPage returns the first size changes of those found, and the token of the next page if there are more.
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
	if c.Product != nil {
		message.Product = &catalogv1.Product{}
		if err := proto.Unmarshal(c.Product, message.GetProduct()); err != nil {
			return nil, fmt.Errorf("product of change %d: %w", c.ID, err)
		}
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

// value returns the message for a stored JSON value; null if there is none.
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
