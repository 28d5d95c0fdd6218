package admin

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/securityevent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/pagination"
	"github.com/zebrands/catalog/internal/product/filter"
)

// eventsQuery identifies a list of security events in page tokens.
type eventsQuery struct {
	List   string `json:"list"`
	Filter string `json:"filter"`
}

// ListSecurityEvents implements catalog.v1.AuthService. Returns FILTER_INVALID or PAGE_TOKEN_INVALID.
func (s *AuthService) ListSecurityEvents(
	ctx context.Context, req *catalogv1.ListSecurityEventsRequest,
) (*catalogv1.ListSecurityEventsResponse, error) {
	selected, err := filter.ParseEvents("filter", req.GetFilter())
	if err != nil {
		return nil, err
	}
	list := eventsQuery{List: "security_events", Filter: req.GetFilter()}
	var before int64
	_, err = pagination.Parse(req.GetPageToken(), list, &before)
	if err != nil {
		return nil, err
	}
	size := pagination.Size(req.GetPageSize())
	rows, err := readEvents(ctx, s.d, selected, before, size+1)
	if err != nil {
		return nil, err
	}
	resp := &catalogv1.ListSecurityEventsResponse{}
	if len(rows) > size {
		rows = rows[:size]
		if resp.NextPageToken, err = pagination.Token(list, rows[size-1].ID); err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		resp.SecurityEvents = append(resp.SecurityEvents, toSecurityEvent(row))
	}
	return resp, nil
}

// readEvents returns the newest events that a filter selects, below an id if it is not 0.
func readEvents(
	ctx context.Context, d *db.DB, selected *filter.Events, before int64, limit int,
) ([]*ent.SecurityEvent, error) {
	query := d.Reader().SecurityEvent.Query().Where(selected.SQL()...).Order(ent.Desc(securityevent.FieldID)).Limit(limit)
	if before != 0 {
		query.Where(securityevent.IDLT(before))
	}
	return query.All(ctx)
}

// exportPage is how many events ExportEvents holds in memory.
const exportPage = 1000

// ExportEvents calls yield with each event that a filter selects, newest first. It is for operators with access to the
// database. Returns FILTER_INVALID.
func ExportEvents(
	ctx context.Context, d *db.DB, filterText string, yield func(*catalogv1.SecurityEvent) error,
) error {
	selected, err := filter.ParseEvents("filter", filterText)
	if err != nil {
		return err
	}
	var before int64
	for {
		rows, err := readEvents(ctx, d, selected, before, exportPage)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := yield(toSecurityEvent(row)); err != nil {
				return err
			}
		}
		if len(rows) < exportPage {
			return nil
		}
		before = rows[len(rows)-1].ID
	}
}

func toSecurityEvent(row *ent.SecurityEvent) *catalogv1.SecurityEvent {
	return &catalogv1.SecurityEvent{
		Id:         row.ID,
		Type:       auth.EventType(row),
		CreateTime: timestamppb.New(row.CreateTime),
		ActorId:    idOrEmpty(row.ActorID),
		ActorName:  row.ActorName,
		AdminId:    idOrEmpty(row.AdminID),
		AdminName:  row.AdminName,
		SessionId:  idOrEmpty(row.SessionID),
		ApiKeyId:   idOrEmpty(row.APIKeyID),
		IpAddress:  row.IPAddress,
		UserAgent:  row.UserAgent,
		Details:    row.Details,
	}
}

func idOrEmpty(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}
