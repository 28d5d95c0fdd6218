package money

import "strings"

// maxExponent is the largest number of decimals of any currency.
const maxExponent = 4

// The active ISO 4217 currencies as of 2026, including funds, grouped by number of decimals. Precious
// metals, test codes and special drawing rights are excluded: they have no minor unit.
const (
	noDecimals = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"

	twoDecimals = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD " +
		"CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS " +
		"GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL " +
		"MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK " +
		"PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS " +
		"TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"

	threeDecimals = "BHD IQD JOD KWD LYD OMR TND"

	fourDecimals = "CLF UYW"
)

var exponents = exponentTable()

func exponentTable() map[string]int8 {
	table := map[string]int8{}
	for exponent, codes := range map[int8]string{
		0: noDecimals, 2: twoDecimals, 3: threeDecimals, 4: fourDecimals,
	} {
		for code := range strings.FieldsSeq(codes) {
			table[code] = exponent
		}
	}
	return table
}

// Exponents returns the possible numbers of decimals of a currency, in no particular order.
func Exponents() []int8 {
	return []int8{0, 2, 3, maxExponent}
}
