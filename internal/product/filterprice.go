package product

import (
	"math/big"
	"strings"

	"go.einride.tech/aip/filtering"

	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/money"
)

// maxDecimalLength is the maximum length of a number in a filter.
const maxDecimalLength = 64

// comparePrice compares amounts exactly, regardless of the currency: 5 is less than MXN 5.01 and than JPY 6.
func comparePrice(op string, v operand) (predicate.Product, string) {
	if op == filtering.FunctionHas {
		return nil, "cannot be compared with :"
	}
	amount, ok := parseDecimal(v.text)
	if !ok || v.isTimestamp {
		return nil, "must be compared with a plain decimal number, such as 99.90"
	}
	if op == filtering.FunctionNotEquals {
		return product.Not(priceEither(filtering.FunctionEquals, amount)), ""
	}
	return priceEither(op, amount), ""
}

// priceEither compares amounts for each number of decimals that a currency can have.
func priceEither(op string, amount decimal) predicate.Product {
	var either []predicate.Product
	for _, exponent := range money.Exponents() {
		least, most := amount.minorRange(op, exponent)
		if least.Cmp(most) > 0 || !least.IsInt64() {
			continue
		}
		within := []predicate.Product{product.PriceExponent(exponent), product.PriceMinorGTE(least.Int64())}
		if most.IsInt64() {
			within = append(within, product.PriceMinorLTE(most.Int64()))
		}
		either = append(either, product.And(within...))
	}
	if len(either) == 0 {
		return product.PriceExponentLT(0) // matches no product
	}
	return product.Or(either...)
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
