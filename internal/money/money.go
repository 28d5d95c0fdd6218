// Package money parses and formats exact amounts: decimal text on the wire, integer minor units of the
// currency inside. It never uses floating point.
package money

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/zebrands/catalog/internal/fault"
)

// The fields of catalog.v1.Money, as faults name them.
const (
	fieldAmount   = "amount"
	fieldCurrency = "currency_code"
)

// Money is an exact amount in one currency.
type Money struct {
	// Minor is the amount in minor units, such as cents. It is not negative.
	Minor int64
	// Exponent is the currency's number of decimals in ISO 4217.
	Exponent int8
	// Currency is the ISO 4217 code.
	Currency string
}

// Parse parses an amount such as "129.90" in a currency such as "MXN". The amount may have fewer decimals
// than the currency, but not more.
//
// Returns a *fault.Error with reason CURRENCY_INVALID on field "currency_code" if the currency is unknown,
// and MONEY_INVALID on field "amount" if the amount is invalid for the currency.
func Parse(amount, currency string) (Money, error) {
	exponent, ok := exponents[currency]
	if !ok {
		return Money{}, unknownCurrency(currency)
	}
	minor, violation := minorUnits(amount, currency, exponent)
	if violation.Reason != "" {
		return Money{}, fault.ReasonedFields(fault.MoneyInvalid, violation)
	}
	return Money{Minor: minor, Exponent: exponent, Currency: currency}, nil
}

// Format formats minor units as decimal text with exactly exponent decimals.
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

// minorUnits returns the amount in minor units, or a violation. A violation without a reason means success.
func minorUnits(amount, currency string, exponent int8) (minor int64, violation fault.Violation) {
	whole, decimals, point := strings.Cut(amount, ".")
	switch {
	case amount == "":
		return 0, invalidAmount(fault.FieldRequired, "must be set")
	case strings.HasPrefix(amount, "-") && isDecimal(amount[1:]):
		return 0, invalidAmount(fault.FieldNegative, "must not be negative")
	case !isDecimal(amount):
		return 0, invalidAmount(fault.FieldNotDecimal, `must be a plain decimal number, such as "129.90"`)
	case point && exponent == 0:
		return 0, invalidAmount(fault.FieldTooManyDecimals, "must have no decimals: %s has none", currency)
	case len(decimals) > int(exponent):
		return 0, invalidAmount(fault.FieldTooManyDecimals, "must have at most %d decimals, as %s has", exponent, currency)
	}
	minor, err := strconv.ParseInt(whole+decimals+strings.Repeat("0", int(exponent)-len(decimals)), 10, 64)
	if err != nil { // can only be out of range
		return 0, invalidAmount(fault.FieldTooLarge, "is too large")
	}
	return minor, fault.Violation{}
}

func invalidAmount(reason fault.FieldReason, format string, args ...any) fault.Violation {
	return fault.Violation{Field: fieldAmount, Reason: reason, Description: fmt.Sprintf(format, args...)}
}

// isDecimal reports whether s consists of ASCII digits with at most one decimal point between them.
func isDecimal(s string) bool {
	whole, decimals, point := strings.Cut(s, ".")
	return isDigits(whole) && (!point || isDigits(decimals))
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func unknownCurrency(currency string) *fault.Error {
	violation := fault.Violation{
		Field: fieldCurrency, Reason: fault.FieldUnknownCurrency,
		Description: `must be the code of an active ISO 4217 currency in capitals, such as "MXN"`,
	}
	if currency == "" {
		violation.Reason, violation.Description = fault.FieldRequired, "must be set"
	}
	return fault.ReasonedFields(fault.CurrencyInvalid, violation)
}
