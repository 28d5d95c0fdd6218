package money_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/currency"

	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/money"
)

func TestParseKeepsAmountsExactly(t *testing.T) {
	for _, tc := range []struct {
		amount, currency string
		minor            int64
		text             string
	}{
		{"5", "USD", 500, "5.00"},
		{"5.0", "USD", 500, "5.00"},
		{"5.00", "USD", 500, "5.00"},
		{"0", "MXN", 0, "0.00"},
		{"0.01", "MXN", 1, "0.01"},
		{"0.1", "MXN", 10, "0.10"},
		{"129.90", "MXN", 12990, "129.90"},
		{"007", "USD", 700, "7.00"},
		{"1500", "JPY", 1500, "1500"},
		{"1.5", "KWD", 1500, "1.500"},
		{"0.0001", "CLF", 1, "0.0001"},
		{"92233720368547758.07", "USD", math.MaxInt64, "92233720368547758.07"},
		{"9223372036854775807", "JPY", math.MaxInt64, "9223372036854775807"},
	} {
		m, err := money.Parse(tc.amount, tc.currency)
		require.NoError(t, err, tc.amount)
		require.Equal(t, tc.minor, m.Minor, tc.amount)
		require.Equal(t, tc.currency, m.Currency)
		require.Equal(t, tc.text, money.Format(m.Minor, m.Exponent))
	}
}

func TestParseRejectsInvalidAmounts(t *testing.T) {
	for _, tc := range []struct{ amount, currency, problem string }{
		{"", "USD", "must be set"},
		{"-5", "USD", "must not be negative"},
		{"-0", "USD", "must not be negative"},
		{"-x", "USD", "plain decimal"},
		{"+5", "USD", "plain decimal"},
		{"1e3", "USD", "plain decimal"},
		{"1,000", "USD", "plain decimal"},
		{" 5", "USD", "plain decimal"},
		{"5 ", "USD", "plain decimal"},
		{".5", "USD", "plain decimal"},
		{"5.", "USD", "plain decimal"},
		{"5.1.2", "USD", "plain decimal"},
		{".", "USD", "plain decimal"},
		{"٥", "USD", "plain decimal"},
		{"NaN", "USD", "plain decimal"},
		{"Inf", "USD", "plain decimal"},
		{"0x10", "USD", "plain decimal"},
		{"1_000", "USD", "plain decimal"},
		{"5\x00", "USD", "plain decimal"},
		{"5.001", "USD", "at most 2 decimals"},
		{"5.000", "USD", "at most 2 decimals"},
		{"5.0", "JPY", "must have no decimals"},
		{"5.1234", "KWD", "at most 3 decimals"},
		{"92233720368547758.08", "USD", "too large"},
		{"9223372036854775808", "JPY", "too large"},
		{strings.Repeat("9", 64), "USD", "too large"},
	} {
		_, err := money.Parse(tc.amount, tc.currency)
		var f *fault.Error
		require.ErrorAs(t, err, &f, tc.amount)
		require.Equal(t, fault.MoneyInvalid, f.Reason, tc.amount)
		require.Equal(t, "amount", f.Violations[0].Field)
		require.Contains(t, f.Violations[0].Description, tc.problem, tc.amount)
	}
}

func TestParseRejectsUnknownCurrencies(t *testing.T) {
	for _, code := range []string{"", "usd", "Usd", "US", "USDT", "ZZZ", "XXX", "XTS", "XAU", "DEM", "$", "U\x00D"} {
		_, err := money.Parse("1", code)
		var f *fault.Error
		require.ErrorAs(t, err, &f, code)
		require.Equal(t, fault.CurrencyInvalid, f.Reason, code)
		require.Equal(t, "currency_code", f.Violations[0].Field)
	}
}

// CLDR omits unused decimals, and package currency lacks the newest codes. It never has more decimals than
// ISO 4217, and has the same number for currencies with none or more than two.
func TestDecimalsAgreeWithCLDR(t *testing.T) {
	var newer []string
	for code, exponent := range money.Table() {
		unit, err := currency.ParseISO(code)
		if err != nil {
			newer = append(newer, code)
			continue
		}
		scale, _ := currency.Standard.Rounding(unit)
		require.LessOrEqual(t, scale, int(exponent), code)
		if scale > 2 || exponent == 0 {
			require.Equal(t, scale, int(exponent), code)
		}
	}
	require.ElementsMatch(t, strings.Fields("MRU SLE UYW VED VES XAD XCG ZWG"), newer)
	require.Len(t, money.Table(), 17+7+2+139)
}

func TestFormatIsTotal(t *testing.T) {
	require.Equal(t, "-92233720368547758.08", money.Format(math.MinInt64, 2))
	require.Equal(t, "-0.05", money.Format(-5, 2))
	require.Equal(t, "5", money.Format(5, -1))
}

func FuzzParse(f *testing.F) {
	for _, amount := range []string{"5", "5.00", "129.90", "-1", "1e9", ".5", "9223372036854775807", "٥", "0.0001"} {
		for _, code := range []string{"USD", "JPY", "KWD", "CLF", "usd"} {
			f.Add(amount, code)
		}
	}
	f.Fuzz(func(t *testing.T, amount, code string) {
		m, err := money.Parse(amount, code)
		if err != nil {
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			return
		}
		require.GreaterOrEqual(t, m.Minor, int64(0))
		again, err := money.Parse(money.Format(m.Minor, m.Exponent), m.Currency)
		require.NoError(t, err)
		require.Equal(t, m, again)
	})
}
