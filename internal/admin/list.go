package admin

import (
	"context"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent/admin"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/pagination"
)

// listQuery identifies a list of administrators in page tokens.
type listQuery struct {
	List        string `json:"list"`
	ShowDeleted bool   `json:"show_deleted"`
}

// position is the last administrator of the previous page. Deleted ones may share an address, hence the id.
type position struct {
	Email string    `json:"email"`
	ID    uuid.UUID `json:"id"`
}

// ListAdmins implements catalog.v1.AdminService.
func (s *Service) ListAdmins(
	ctx context.Context, req *catalogv1.ListAdminsRequest,
) (*catalogv1.ListAdminsResponse, error) {
	list := listQuery{List: "admins", ShowDeleted: req.GetShowDeleted()}
	var after position
	continued, err := pagination.Parse(req.GetPageToken(), list, &after)
	if err != nil {
		return nil, err
	}
	query := s.d.Reader().Admin.Query().Order(byEmail, admin.ByID())
	if !req.GetShowDeleted() {
		query.Where(admin.DeleteTimeIsNil())
	}
	if continued {
		if email, bad := cleanEmail(after.Email); bad != (problem{}) || email != after.Email {
			return nil, pagination.Invalid(nil) // forged: PostgreSQL might reject its text
		}
		query.Where(func(sel *sql.Selector) { sel.Where(following(sel, after)) })
	}
	size := pagination.Size(req.GetPageSize())
	rows, err := query.Limit(size + 1).All(ctx)
	if err != nil {
		return nil, err
	}
	resp := &catalogv1.ListAdminsResponse{}
	if len(rows) > size {
		rows = rows[:size]
		last := rows[size-1]
		if resp.NextPageToken, err = pagination.Token(list, position{Email: last.Email, ID: last.ID}); err != nil {
			return nil, err
		}
	}
	resp.Admins, err = adminMessages(ctx, s.d, rows...)
	return resp, err
}

// byEmail orders by the bytes of the address, which is the same on both databases.
func byEmail(sel *sql.Selector) {
	sel.OrderExpr(sql.Raw(emailBytes(sel)))
}

func following(sel *sql.Selector, after position) *sql.Predicate {
	email := emailBytes(sel)
	return sql.Or(
		sql.P(func(b *sql.Builder) { b.WriteString(email + " > ").Arg(after.Email) }),
		sql.And(sql.EQ(sel.C(admin.FieldEmail), after.Email), sql.GT(sel.C(admin.FieldID), after.ID)),
	)
}

func emailBytes(sel *sql.Selector) string {
	if sel.Dialect() == dialect.Postgres {
		return sel.C(admin.FieldEmail) + ` COLLATE "C"`
	}
	return sel.C(admin.FieldEmail)
}
