package rpc

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
)

// What holds too much is not looked at item by item: each item may break a rule.
func TestMessagesWithTooManyItemsBreakOneRule(t *testing.T) {
	tooMany := &catalogv1.BatchCreateProductsRequest{}
	for range 1001 {
		tooMany.Requests = append(tooMany.Requests, &catalogv1.CreateProductRequest{})
	}
	for want, m := range map[string]proto.Message{
		"":         &catalogv1.BatchGetProductsRequest{Ids: make([]string, 600), Skus: make([]string, 600)},
		"requests": tooMany,
	} {
		var f *fault.Error
		require.ErrorAs(t, checkRules(m), &f)
		require.Len(t, f.Violations, 1)
		require.Equal(t, want, f.Violations[0].Field)
	}
}

func TestMessagesTellOfEveryBrokenRule(t *testing.T) {
	var f *fault.Error
	require.ErrorAs(t, checkRules(&catalogv1.BatchGetProductsRequest{Ids: make([]string, 3), Skus: make([]string, 2)}), &f)
	require.Len(t, f.Violations, 5)
}
