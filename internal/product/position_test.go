package product_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/pagination"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/test/dbtest"
)

// forged returns a request with a token that anybody could create, because tokens contain no secret.
func forged(t *testing.T, orderBy, query, position string) *catalogv1.ListProductsRequest {
	t.Helper()
	list := struct {
		List        string `json:"list"`
		Filter      string `json:"filter"`
		OrderBy     string `json:"order_by"`
		Query       string `json:"query"`
		ShowDeleted bool   `json:"show_deleted"`
	}{List: "products", OrderBy: orderBy, Query: query}
	token, err := pagination.Token(list, json.RawMessage(position))
	require.NoError(t, err)
	return &catalogv1.ListProductsRequest{OrderBy: orderBy, Query: query, PageToken: token}
}

const (
	someID  = `"01900000-0000-7000-8000-000000000000"`
	someKey = `"AAECAwQ="`
)

func TestForgedPositions(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		for _, tc := range []struct {
			orderBy, query, position string
			accepted                 bool
		}{
			{"name", "", `[` + someKey + `,` + someID + `]`, true},
			{"name", "", `["",` + someID + `]`, true},
			{"name", "", `[null,null]`, false},
			{"name", "", `["AAECAwR=",` + someID + `]`, false},
			{"name", "", `["AAEC\nAwQ=",` + someID + `]`, false},
			{"name", "", `[` + someKey + `,"urn:uuid:01900000-0000-7000-8000-000000000000"]`, false},
			{"name", "", `[` + someKey + `,"01900000-0000-7000-8000-00000000000A"]`, false},
			{"price", "", `["MXN",-9223372036854775808,` + someID + `]`, true},
			{"create_time", "", `[0,` + someID + `]`, true},
			{"", "x", `[3,` + someKey + `,` + someID + `]`, true},
			{"name", "", `null`, false},
			{"name", "", `{}`, false},
			{"name", "", `[]`, false},
			{"name", "", `[` + someKey + `]`, false},
			{"name", "", `[` + someKey + `,` + someID + `,1]`, false},
			{"name", "", `["*",` + someID + `]`, false},
			{"name", "", `[` + someKey + `,"x"]`, false},
			{"name", "", `[` + someKey + `,1]`, false},
			{"price", "", `["M\u0000N",1,` + someID + `]`, false},
			{"price", "", `["mxn",1,` + someID + `]`, false},
			{"price", "", `["MXNN",1,` + someID + `]`, false},
			{"price", "", `["MXN",1.5,` + someID + `]`, false},
			{"price", "", `["MXN",-0,` + someID + `]`, false},
			{"price", "", `["MXN",9223372036854775808,` + someID + `]`, false},
			{"create_time", "", `[9223372036854775807,` + someID + `]`, false},
			{"create_time", "", `[-9223372036854775808,` + someID + `]`, false},
			{"create_time", "", `["2026-01-01",` + someID + `]`, false},
			{"", "x", `[4,` + someKey + `,` + someID + `]`, false},
			{"", "x", `[-1,` + someKey + `,` + someID + `]`, false},
		} {
			_, err := s.ListProducts(ctx, forged(t, tc.orderBy, tc.query, tc.position))
			if tc.accepted {
				require.NoError(t, err, tc.position)
			} else {
				requireFault(t, err, fault.PageTokenInvalid)
			}
		}
	})
}

func FuzzPosition(f *testing.F) {
	f.Add("name desc, price", "", `[`+someKey+`,"MXN",1,`+someID+`]`)
	f.Add("", "x", `[1,`+someKey+`,`+someID+`]`)
	f.Add("update_time,brand desc", "x", `[1,`+someKey+`,`+someID+`]`)
	s := newService(f, dbtest.New(f, "sqlite"))
	f.Fuzz(func(t *testing.T, orderBy, query, position string) {
		if !json.Valid([]byte(position)) {
			return
		}
		_, err := s.ListProducts(t.Context(), forged(t, orderBy, query, position))
		if err != nil {
			require.Contains(t, []fault.Reason{fault.OrderByInvalid, fault.FieldInvalid, fault.PageTokenInvalid}, reasonOf(err), "%v", err)
		}
	})
}
