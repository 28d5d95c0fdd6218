package fields

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/fault"
)

func TestWhole(t *testing.T) {
	k := whole(1000, "g")
	zero, some := int64(0), int64(1000)
	require.True(t, k.same(nil, nil))
	require.False(t, k.same(nil, &zero), "none is not zero")
	require.False(t, k.same(&zero, &some))
	for _, v := range []*int64{nil, &zero, &some} {
		cell, err := k.format(v)
		require.NoError(t, err)
		read, err := k.parse(cell)
		require.NoError(t, err)
		require.True(t, k.same(v, read), "%q", cell)
		var ps fault.Problems
		require.True(t, k.same(v, k.check(&ps, "weight", v)))
		require.NoError(t, ps.Fault())
	}
	for _, bad := range []int64{-1, 1001} {
		var ps fault.Problems
		k.check(&ps, "weight", &bad)
		require.True(t, fault.Is(ps.Fault(), fault.FieldInvalid), "%d", bad)
	}
	for _, bad := range []string{"1.5", "1e3", "1,500", "heavy", "9223372036854775808"} {
		_, err := k.parse(bad)
		require.ErrorIs(t, err, errNotWhole, bad)
	}
	require.Equal(t, "1000", k.stored(&some))
	require.Nil(t, k.stored(nil))
	require.Equal(t, "1000 g", k.readable("1000"))
}
