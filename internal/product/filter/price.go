package filter

import (
	"math/big"
	"slices"
	"strings"

	"go.einride.tech/aip/filtering"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/money"
)

// maxDecimalLength is the maximum length of a number in a filter.
const maxDecimalLength = 64

// comparePrice compares amounts exactly, regardless of the currency: 5 is less than MXN 5.01 and than JPY 6.
func comparePrice(op string, v operand) (condition, string) {
	if op == filtering.FunctionHas {
		return nil, "cannot be compared with :"
	}
	amount, ok := parseDecimal(v.text)
	if !ok || v.isTimestamp {
		return nil, "must be compared with a plain decimal number, such as 99.90"
	}
	if op == filtering.FunctionNotEquals {
		return not{amount.ranges(filtering.FunctionEquals)}, ""
	}
	return amount.ranges(op), ""
}

// priceWithin matches prices within any of several ranges.
type priceWithin []priceRange

// priceRange is a range of prices with one number of decimals, in minor units. Both ends are inclusive.
type priceRange struct {
	exponent    int8
	least, most int64
	isOpen      bool // no upper bound; most is unset
}

func (w priceWithin) where() predicate.Product {
	if len(w) == 0 {
		return product.PriceExponentLT(0) // matches no product
	}
	ranges := make([]predicate.Product, len(w))
	for i, r := range w {
		within := []predicate.Product{product.PriceExponent(r.exponent), product.PriceMinorGTE(r.least)}
		if !r.isOpen {
			within = append(within, product.PriceMinorLTE(r.most))
		}
		ranges[i] = product.And(within...)
	}
	return product.Or(ranges...)
}

func (w priceWithin) match(row *ent.Product) bool {
	return slices.ContainsFunc(w, func(r priceRange) bool {
		return row.PriceExponent == r.exponent && row.PriceMinor >= r.least && (r.isOpen || row.PriceMinor <= r.most)
	})
}

// decimal is unscaled / 10^scale.
type decimal struct {
	unscaled *big.Int
	scale    int
}

// parseDecimal parses an optional minus and digits, with or without decimals.
func parseDecimal(s string) (decimal, bool) {
	whole, decimals, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	digits := whole + decimals
	if len(s) > maxDecimalLength || whole == "" || point && decimals == "" ||
		strings.Trim(digits, "0123456789") != "" {
		return decimal{}, false
	}
	unscaled, ok := new(big.Int).SetString(digits, 10)
	if ok && strings.HasPrefix(s, "-") {
		unscaled.Neg(unscaled)
	}
	return decimal{unscaled: unscaled, scale: len(decimals)}, ok
}

// ranges returns the prices that satisfy the comparison with the amount, with at most one range for each number of
// decimals that a currency can have.
func (d decimal) ranges(op string) priceWithin {
	var within priceWithin
	for _, exponent := range money.Exponents() {
		least, most := d.minorRange(op, exponent)
		if least.Cmp(most) > 0 || !least.IsInt64() {
			continue
		}
		r := priceRange{exponent: exponent, least: least.Int64(), isOpen: !most.IsInt64()}
		if !r.isOpen {
			r.most = most.Int64()
		}
		within = append(within, r)
	}
	return within
}

// minorRange returns the range of minor units of a currency that satisfy the comparison with the amount. An open range
// starts at 0 or ends above any stored price. least is greater than most if the range is empty.
func (d decimal) minorRange(op string, exponent int8) (least, most *big.Int) {
	shifted := new(big.Int).Mul(d.unscaled, power10(int(exponent)))
	floor, rest := new(big.Int).DivMod(shifted, power10(d.scale), new(big.Int))
	ceil := floor
	if rest.Sign() > 0 {
		ceil = new(big.Int).Add(floor, big.NewInt(1))
	}
	least, most = new(big.Int), new(big.Int).Lsh(big.NewInt(1), 64)
	switch op {
	case filtering.FunctionEquals:
		least, most = ceil, floor
	case filtering.FunctionLessThan:
		most = new(big.Int).Sub(ceil, big.NewInt(1))
	case filtering.FunctionLessEquals:
		most = floor
	case filtering.FunctionGreaterThan:
		least = new(big.Int).Add(floor, big.NewInt(1))
	case filtering.FunctionGreaterEquals:
		least = ceil
	}
	return maxOf(least, new(big.Int)), most
}

func maxOf(a, b *big.Int) *big.Int {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}

func power10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}
