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
	"github.com/zebrands/catalog/internal/product/filter"
)

// listing identifies a list of changes. Page tokens are bound to it.
type listing struct {
	List      string  `json:"list"`
	ProductID string  `json:"product_id"`
	Sequences []int64 `json:"sequences,omitempty"`
	Ascending bool    `json:"ascending,omitempty"`
	Cursor    string  `json:"cursor,omitempty"`
	Filter    string  `json:"filter,omitempty"`
}

// List returns a page of the history: of one product, live or deleted, or of the whole catalog if the id is uuid.Nil.
// The list of an unknown product is empty. A page of a filter can have fewer changes than asked for, or none, and a
// token: it reads a limited number of rows. Returns ORDER_BY_INVALID, FILTER_INVALID, PAGE_TOKEN_INVALID or
// CURSOR_INVALID.
func List(
	ctx context.Context, db *ent.Client, productID uuid.UUID, req *catalogv1.ListProductChangesRequest,
) (*catalogv1.ListProductChangesResponse, error) {
	ascending, err := parseOrder(req.GetOrderBy())
	if err != nil {
		return nil, err
	}
	selected, err := filter.ParseChanges("filter", req.GetFilter())
	if err != nil {
		return nil, err
	}
	list := listing{
		"product_changes", req.GetProductId(), req.GetSequences(), ascending, req.GetCursor(), req.GetFilter(),
	}
	var last int64
	hasToken, err := pagination.Parse(req.GetPageToken(), list, &last)
	if err != nil {
		return nil, err
	}
	after, err := parseCursor(ctx, db, list.Cursor)
	if err != nil {
		return nil, err
	}
	query := func() *ent.ProductChangeQuery { return list.query(db, productID, after) }
	found, err := scan(ctx, selected, pagination.Size(req.GetPageSize()), list.from(query, hasToken, last))
	if err != nil {
		return nil, fmt.Errorf("list product changes: %w", err)
	}
	resp, err := listPage(list, found)
	if err != nil {
		return nil, err
	}
	if ascending || !hasToken {
		resp.NextCursor = nextCursor(list, found)
	}
	return resp, nil
}

// query returns the query for all rows of the list.
func (l listing) query(db *ent.Client, productID uuid.UUID, after int64) *ent.ProductChangeQuery {
	query := db.ProductChange.Query().Where(productchange.IDGT(after))
	if len(l.Sequences) > 0 {
		query.Where(productchange.IDIn(l.Sequences...))
	}
	if productID != uuid.Nil {
		query.Where(productchange.ProductID(productID))
	}
	if l.Ascending {
		return query.Order(ent.Asc(productchange.FieldID))
	}
	return query.Order(ent.Desc(productchange.FieldID))
}

// from returns the function that reads the rows of a query in their order, beginning after a position if there is one.
func (l listing) from(query func() *ent.ProductChangeQuery, hasLast bool, last int64) readRows {
	return func(ctx context.Context, limit int) ([]*ent.ProductChange, error) {
		q := query().Limit(limit + 1)
		switch {
		case hasLast && l.Ascending:
			q.Where(productchange.IDGT(last))
		case hasLast:
			q.Where(productchange.IDLT(last))
		}
		rows, err := q.All(ctx)
		if len(rows) > 0 {
			hasLast, last = true, rows[min(len(rows), limit)-1].ID
		}
		return rows, err
	}
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

// nextCursor returns the position after the newest row that a page read, or the cursor that the page began with.
func nextCursor(list listing, found scanned) string {
	switch {
	case found.last != nil && list.Ascending:
		return cursorAfter(found.last)
	case found.first != nil:
		return cursorAfter(found.first)
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

// listPage returns the changes that were found, and the token of the next page if there are more rows.
func listPage(list listing, found scanned) (*catalogv1.ListProductChangesResponse, error) {
	resp := &catalogv1.ListProductChangesResponse{}
	if found.more {
		token, err := pagination.Token(list, found.last.ID)
		if err != nil {
			return nil, err
		}
		resp.NextPageToken = token
	}
	for _, c := range found.matched {
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
	if c.APIKeyID != nil {
		message.ApiKeyId = c.APIKeyID.String()
	}
	if c.RevertedSequence != nil {
		message.RevertedSequence = *c.RevertedSequence
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
