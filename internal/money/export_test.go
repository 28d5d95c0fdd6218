package money

// Table returns the number of decimals of every currency.
func Table() map[string]int8 { return exponents }
