// Package money reads and writes exact amounts of money: decimal text outside, whole minor units of
// the currency inside. Nothing in it is a floating-point number.
package money

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/zebrands/catalog/internal/fault"
)

// The fields of catalog.v1.Money, which faults name.
const (
	fieldAmount   = "amount"
	fieldCurrency = "currency_code"
)

// Money is an exact amount in one currency.
type Money struct {
	// Minor is the amount in minor units of the currency, such as cents. Not negative.
	Minor int64
	// Exponent is how many decimals ISO 4217 gives the currency.
	Exponent int8
	// Currency is the ISO 4217 code.
	Currency string
}

// Parse reads an amount such as "129.90" in a currency such as "MXN". The amount may have fewer
// decimals than the currency, never more.
//
// Returns a *fault.Error with reason CURRENCY_INVALID that names "currency_code" if there is no such
// currency, and one with MONEY_INVALID that names "amount" if the amount is not one of the currency.
func Parse(amount, currency string) (Money, error) {
	exponent, ok := exponents[currency]
	if !ok {
		return Money{}, unknownCurrency(currency)
	}
	minor, wrong := minorUnits(amount, currency, exponent)
	if wrong.Reason != "" {
		return Money{}, fault.ReasonedFields(fault.MoneyInvalid, wrong)
	}
	return Money{Minor: minor, Exponent: exponent, Currency: currency}, nil
}

// Format returns minor units as decimal text with exactly as many decimals as exponent says.
func Format(minor int64, exponent int8) string {
	digits := strconv.FormatInt(minor, 10)
	if exponent <= 0 {
		return digits
	}
	digits, negative := strings.CutPrefix(digits, "-")
	if missing := int(exponent) + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - int(exponent)
	text := digits[:point] + "." + digits[point:]
	if negative {
		return "-" + text
	}
	return text
}

// minorUnits returns the amount in minor units, or says what is wrong with it; nothing is if that has
// no reason.
func minorUnits(amount, currency string, exponent int8) (minor int64, wrong fault.Violation) {
	whole, decimals, point := strings.Cut(amount, ".")
	switch {
	case amount == "":
		return 0, badAmount(fault.FieldRequired, "must be set")
	case strings.HasPrefix(amount, "-") && isDecimal(amount[1:]):
		return 0, badAmount(fault.FieldNegative, "must not be negative")
	case !isDecimal(amount):
		return 0, badAmount(fault.FieldNotDecimal, `must be a plain decimal number, such as "129.90"`)
	case point && exponent == 0:
		return 0, badAmount(fault.FieldTooManyDecimals, "must have no decimals: %s has none", currency)
	case len(decimals) > int(exponent):
		return 0, badAmount(fault.FieldTooManyDecimals, "must have at most %d decimals, as %s has", exponent, currency)
	}
	minor, err := strconv.ParseInt(whole+decimals+strings.Repeat("0", int(exponent)-len(decimals)), 10, 64)
	if err != nil { // only the range is left to fail
		return 0, badAmount(fault.FieldTooLarge, "is too large")
	}
	return minor, fault.Violation{}
}

func badAmount(reason fault.FieldReason, format string, args ...any) fault.Violation {
	return fault.Violation{Field: fieldAmount, Reason: reason, Description: fmt.Sprintf(format, args...)}
}

// isDecimal reports whether s is ASCII digits, or two runs of them with a point between.
func isDecimal(s string) bool {
	whole, decimals, point := strings.Cut(s, ".")
	return isDigits(whole) && (!point || isDigits(decimals))
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func unknownCurrency(currency string) *fault.Error {
	wrong := fault.Violation{
		Field: fieldCurrency, Reason: fault.FieldUnknownCurrency,
		Description: `must be the code of an active ISO 4217 currency in capitals, such as "MXN"`,
	}
	if currency == "" {
		wrong.Reason, wrong.Description = fault.FieldRequired, "must be set"
	}
	return fault.ReasonedFields(fault.CurrencyInvalid, wrong)
}
