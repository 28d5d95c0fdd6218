package convert_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/fault"
)

func TestOnlyTheUsualFormOfAnIDIsRead(t *testing.T) {
	const id = "01900000-0000-7000-8000-00000000abcd"
	for _, good := range []string{id, strings.ToUpper(id)} {
		parsed, err := convert.ParseID("id", good)
		require.NoError(t, err)
		require.Equal(t, uuid.MustParse(id), parsed)
	}
	for _, bad := range []string{"", "{" + id + "}", "urn:uuid:" + id, strings.ReplaceAll(id, "-", ""), id + "\n", "x" + id[1:]} {
		_, err := convert.ParseID("id", bad)
		require.True(t, fault.Is(err, fault.FieldInvalid), "%q: %v", bad, err)
	}
}
