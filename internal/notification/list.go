package notification

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/notificationbatch"
	"github.com/zebrands/catalog/ent/productchange"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/pagination"
)

// listedSequences is the maximum number of changes' sequence numbers in a listed delivery.
const listedSequences = 1000

// listQuery binds the page tokens of ListDeliveries to a query.
type listQuery struct {
	Change    int64
	Recipient string
	State     catalogv1.Delivery_State
}

// ListDeliveries returns a page of deliveries, newest first. Returns PAGE_TOKEN_INVALID if the token is not from this
// list. It runs a fixed number of queries, unless digests have more than a thousand batches.
func (s *Service) ListDeliveries(
	ctx context.Context, req *catalogv1.ListDeliveriesRequest,
) (*catalogv1.ListDeliveriesResponse, error) {
	query, err := s.listed(req)
	if err != nil {
		return nil, err
	}
	key := listQuery{Change: req.GetChangeSequence(), Recipient: req.GetRecipientId(), State: req.GetState()}
	var last uuid.UUID
	more, err := pagination.Parse(req.GetPageToken(), key, &last)
	if err != nil {
		return nil, err
	}
	if more {
		query.Where(delivery.IDLT(last))
	}
	size := pagination.Size(req.GetPageSize())
	deliveries, err := s.read(ctx, query.Order(delivery.ByID(sql.OrderDesc())).Limit(size+1))
	if err != nil {
		return nil, err
	}
	resp := &catalogv1.ListDeliveriesResponse{Deliveries: deliveries, Warnings: s.health.warnings()}
	if len(deliveries) > size {
		resp.Deliveries = deliveries[:size]
		resp.NextPageToken, err = pagination.Token(key, deliveries[size-1].GetId())
	}
	return resp, err
}

// listed returns the query for the request's filter, without paging.
func (s *Service) listed(req *catalogv1.ListDeliveriesRequest) (*ent.DeliveryQuery, error) {
	query := s.db.Reader().Delivery.Query()
	if sequence := req.GetChangeSequence(); sequence != 0 {
		query.Where(delivery.HasBatchesWith(notificationbatch.HasChangesWith(productchange.ID(sequence))))
	}
	if req.GetRecipientId() != "" {
		id, err := convert.ParseID("recipient_id", req.GetRecipientId())
		if err != nil {
			return nil, err
		}
		query.Where(delivery.RecipientID(id))
	}
	if state := req.GetState(); state != catalogv1.Delivery_STATE_UNSPECIFIED {
		for stored, value := range states {
			if value == state {
				query.Where(delivery.StateEQ(stored))
			}
		}
	}
	return query, nil
}

// states maps stored states to those of the API.
var states = map[delivery.State]catalogv1.Delivery_State{
	delivery.StatePending:    catalogv1.Delivery_STATE_PENDING,
	delivery.StateSent:       catalogv1.Delivery_STATE_SENT,
	delivery.StateDelivered:  catalogv1.Delivery_STATE_DELIVERED,
	delivery.StateBounced:    catalogv1.Delivery_STATE_BOUNCED,
	delivery.StateComplained: catalogv1.Delivery_STATE_COMPLAINED,
	delivery.StateFailed:     catalogv1.Delivery_STATE_FAILED,
}

// kindOf returns the kind of a delivery.
func kindOf(row *ent.Delivery) catalogv1.Delivery_Kind {
	if link, isLink := linkOf(row); isLink {
		return link.kind
	}
	if isNotice(row) {
		return catalogv1.Delivery_KIND_SECURITY_NOTICE
	}
	return catalogv1.Delivery_KIND_CHANGES
}

// read returns deliveries with their changes as API messages.
func (s *Service) read(ctx context.Context, query *ent.DeliveryQuery) ([]*catalogv1.Delivery, error) {
	rows, err := query.WithBatches().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	distinct := map[uuid.UUID]bool{} // deliveries to different recipients share batches
	for _, row := range rows {
		for _, batch := range row.Edges.Batches {
			distinct[batch.ID] = true
		}
	}
	sequences, err := s.sequences(ctx, slices.Collect(maps.Keys(distinct)))
	if err != nil {
		return nil, err
	}
	deliveries := make([]*catalogv1.Delivery, len(rows))
	for i, row := range rows {
		deliveries[i] = toMessage(row, sequences)
	}
	return deliveries, nil
}

// sequences returns the sequence numbers of the changes of each batch, in order.
func (s *Service) sequences(ctx context.Context, batches []uuid.UUID) (map[uuid.UUID][]int64, error) {
	sequences := make(map[uuid.UUID][]int64, len(batches))
	for chunk := range slices.Chunk(batches, insertChunk) {
		var changes []struct {
			ID      int64     `sql:"id"`
			BatchID uuid.UUID `sql:"batch_id"`
		}
		err := s.db.Reader().ProductChange.Query().
			Where(productchange.BatchIDIn(chunk...)).
			Order(productchange.ByID()).
			Select(productchange.FieldID, productchange.FieldBatchID).
			Scan(ctx, &changes)
		if err != nil {
			return nil, fmt.Errorf("read changes of deliveries: %w", err)
		}
		for _, c := range changes {
			sequences[c.BatchID] = append(sequences[c.BatchID], c.ID)
		}
	}
	return sequences, nil
}

func toMessage(row *ent.Delivery, sequences map[uuid.UUID][]int64) *catalogv1.Delivery {
	d := &catalogv1.Delivery{
		Id:             row.ID.String(),
		RecipientId:    row.RecipientID.String(),
		RecipientEmail: row.RecipientEmail,
		State:          states[row.State],
		AttemptCount:   int32(row.AttemptCount), //nolint:gosec // never more than maxAttempts and a few
		LastError:      row.LastError,
		MessageId:      row.MessageID,
		ChangeCount:    int32(row.ChangeCount), //nolint:gosec // a mail of two billion changes is not made
		CreateTime:     timestamppb.New(row.CreateTime),
		UpdateTime:     timestamppb.New(row.UpdateTime),
		ScheduleTime:   timestamppb.New(row.ScheduleTime),
		Kind:           kindOf(row),
	}
	if row.SendTime != nil {
		d.SendTime = timestamppb.New(*row.SendTime)
	}
	var about []int64
	for _, batch := range row.Edges.Batches {
		about = append(about, sequences[batch.ID]...)
	}
	slices.Sort(about)
	d.ChangeSequences = about[:min(listedSequences, len(about))]
	return d
}
