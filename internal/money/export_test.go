package money

// Table returns the decimals of every currency.
func Table() map[string]int8 { return exponents }
