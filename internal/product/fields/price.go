package fields

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/money"
)

// The parts of a price in the contract.
const (
	pathAmount   = "price.amount"
	pathCurrency = "price.currency_code"
)

// price is an amount in a currency. An update mask can name either part alone; then the other is the current one of
// the product.
type price struct {
	minor    column[int64]
	exponent column[int8]
	currency column[string]
	message  func(*catalogv1.Product) **catalogv1.Money
}

func (p *price) columns() []columnOf { return []columnOf{p.minor, p.exponent, p.currency} }
func (p *price) derived() []columnOf { return nil }
func (p *price) parts() []string     { return []string{pathAmount, pathCurrency} }

func (p *price) of(row *ent.Product) money.Money {
	return money.Money{Minor: *p.minor.at(row), Exponent: *p.exponent.at(row), Currency: *p.currency.at(row)}
}

func (p *price) put(m money.Money, row *ent.Product) {
	*p.minor.at(row), *p.exponent.at(row), *p.currency.at(row) = m.Minor, m.Exponent, m.Currency
}

func (p *price) show(from *ent.Product, to *catalogv1.Product) {
	*p.message(to) = &catalogv1.Money{
		Amount:       money.Format(*p.minor.at(from), *p.exponent.at(from)),
		CurrencyCode: *p.currency.at(from),
	}
}

func (p *price) fill(from *catalogv1.Product, to *ent.Product) error {
	shown := *p.message(from)
	return p.scan(shown.GetAmount(), shown.GetCurrencyCode(), to)
}

// scan sets the columns to an amount that Format wrote. Its decimals are those that the currency had then.
func (p *price) scan(amount, currency string, to *ent.Product) error {
	whole, decimals, _ := strings.Cut(amount, ".")
	minor, err := strconv.ParseInt(whole+decimals, 10, 64)
	if err != nil {
		return fmt.Errorf("amount: %w", err)
	}
	p.put(money.Money{Minor: minor, Exponent: int8(len(decimals)), Currency: currency}, to) //nolint:gosec // at most 4
	return nil
}

func (p *price) same(a, b *ent.Product) bool { return p.of(a) == p.of(b) }

func (p *price) equal(a, b *catalogv1.Product) bool {
	x, errX := money.Parse((*p.message(a)).GetAmount(), (*p.message(a)).GetCurrencyCode())
	y, errY := money.Parse((*p.message(b)).GetAmount(), (*p.message(b)).GetCurrencyCode())
	return errX == nil && errY == nil && x == y
}

func (p *price) read(ps *fault.Problems, path string, mask Mask, from *catalogv1.Product, to *ent.Product) {
	switch given := *p.message(from); {
	case !mask[pathAmount] || !mask[pathCurrency]:
	case given == nil:
		ps.Addf(path, fault.FieldRequired, "must be set")
	default:
		m, err := money.Parse(given.GetAmount(), given.GetCurrencyCode())
		ps.Within(path, err)
		p.put(m, to)
	}
}

func (p *price) merge(ps *fault.Problems, path string, from *Patch, next *ent.Product) {
	amount, currency := money.Format(*p.minor.at(next), *p.exponent.at(next)), *p.currency.at(next)
	given := *p.message(from.message)
	switch hasAmount, hasCurrency := from.mask[pathAmount], from.mask[pathCurrency]; {
	case hasAmount && hasCurrency:
		p.put(p.of(&from.row), next)
		return
	case hasAmount:
		amount = given.GetAmount()
	case hasCurrency:
		currency = given.GetCurrencyCode()
	}
	m, err := money.Parse(amount, currency)
	ps.Within(path, err)
	p.put(m, next)
}

func (p *price) write(m *ent.ProductMutation, from *ent.Product) {
	p.minor.set(m, *p.minor.at(from))
	p.exponent.set(m, *p.exponent.at(from))
	p.currency.set(m, *p.currency.at(from))
}

func (p *price) added(m *ent.ProductMutation) bool {
	return slices.ContainsFunc([]string{p.minor.name, p.exponent.name}, func(column string) bool {
		return addsTo(m, column)
	})
}

// storedPrice is a price in the JSON form of catalog.v1.Money.
type storedPrice struct {
	Amount       string `json:"amount"`
	CurrencyCode string `json:"currencyCode"`
}

func (p *price) stored(from *ent.Product) any {
	m := p.of(from)
	return storedPrice{Amount: money.Format(m.Minor, m.Exponent), CurrencyCode: m.Currency}
}

func (p *price) restore(raw json.RawMessage, to *ent.Product) error {
	var v *storedPrice
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	if v == nil {
		p.put(money.Money{}, to)
		return nil
	}
	return p.scan(v.Amount, v.CurrencyCode, to)
}

func (p *price) readable(stored any) string {
	parts, ok := stored.(map[string]any)
	if !ok {
		return readable(stored)
	}
	return readable(parts["amount"]) + " " + readable(parts["currencyCode"])
}

func (p *price) text(from *ent.Product) []string {
	m := p.of(from)
	return []string{money.Format(m.Minor, m.Exponent)}
}

func (p *price) cells(f *Field) []Cell {
	of := func(m *catalogv1.Product) *catalogv1.Money {
		at := p.message(m)
		if *at == nil {
			*at = &catalogv1.Money{}
		}
		return *at
	}
	return []Cell{{
		Header:   "price",
		Path:     pathAmount,
		Required: f.required(),
		read: func(cell string, to *catalogv1.Product) error {
			of(to).Amount = cell
			return nil
		},
		format: func(from *catalogv1.Product) (string, error) { return (*p.message(from)).GetAmount(), nil },
	}, {
		Header: "currency",
		Path:   pathCurrency,
		read: func(cell string, to *catalogv1.Product) error {
			of(to).CurrencyCode = cell
			return nil
		},
		format: func(from *catalogv1.Product) (string, error) { return (*p.message(from)).GetCurrencyCode(), nil },
	}}
}
