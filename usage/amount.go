package usage

import (
	"fmt"
	"math/big"
)

// Amount is a quantity: requests, bytes, or bytes times seconds. A terabyte that lies for a month is a quarter of what 64 bits
// hold of the last, so it has no bound. The zero value is none. Amounts are values: no method changes one.
type Amount struct{ n *big.Int }

// Of makes an amount.
func Of(n int64) Amount { return Amount{big.NewInt(n)} }

func (a Amount) int() *big.Int {
	if a.n == nil {
		return new(big.Int)
	}
	return a.n
}

// Plus returns the sum.
func (a Amount) Plus(b Amount) Amount { return Amount{new(big.Int).Add(a.int(), b.int())} }

// Minus returns the difference, or none if b is more.
func (a Amount) Minus(b Amount) Amount {
	if a.Cmp(b) <= 0 {
		return Amount{}
	}
	return Amount{new(big.Int).Sub(a.int(), b.int())}
}

// Times returns the product.
func (a Amount) Times(n int64) Amount { return Amount{new(big.Int).Mul(a.int(), big.NewInt(n))} }

// Over returns the quotient, rounded down; by is above zero.
func (a Amount) Over(by int64) Amount { return Amount{new(big.Int).Quo(a.int(), big.NewInt(by))} }

// Scaled returns a × times ÷ by, rounded down; by is above zero.
func (a Amount) Scaled(times, by int64) Amount { return a.Times(times).Over(by) }

// share returns a × part ÷ whole, rounded down; none of nothing.
func (a Amount) share(part, whole Amount) Amount {
	if whole.IsZero() {
		return Amount{}
	}
	n := new(big.Int).Mul(a.int(), part.int())
	return Amount{n.Quo(n, whole.int())}
}

// Cmp compares as big.Int does.
func (a Amount) Cmp(b Amount) int { return a.int().Cmp(b.int()) }

// IsZero reports whether there is none.
func (a Amount) IsZero() bool { return a.int().Sign() == 0 }

// Least returns the lesser one.
func Least(a, b Amount) Amount {
	if a.Cmp(b) > 0 {
		return b
	}
	return a
}

// String writes the number.
func (a Amount) String() string { return a.int().String() }

// Decimals writes a ÷ by with the places behind the point, rounded half up.
func (a Amount) Decimals(by int64, places int) string {
	return new(big.Rat).SetFrac(a.int(), big.NewInt(by)).FloatString(places)
}

// MarshalJSON writes the number.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(a.String()), nil }

// maxAmountDigits bounds an amount that is read.
const maxAmountDigits = 60

// UnmarshalJSON reads what MarshalJSON has written.
func (a *Amount) UnmarshalJSON(text []byte) error {
	n, ok := new(big.Int).SetString(string(text), 10)
	if !ok || len(text) > maxAmountDigits {
		return fmt.Errorf("%.80q is no amount", text)
	}
	a.n = n
	return nil
}

// cost is what an amount costs at a price for so many of its units, rounded half up to a billionth of a dollar. More than
// there is money for is all the money there is.
func (a Amount) cost(price Money, units Amount) Money {
	n := new(big.Int).Mul(a.int(), big.NewInt(int64(price)))
	n.Lsh(n, 1).Add(n, units.int())
	n.Quo(n, new(big.Int).Lsh(units.int(), 1))
	if !n.IsInt64() {
		return Money(1<<63 - 1)
	}
	return Money(n.Int64())
}

// split divides a cost by the parts' amounts so that what is divided adds up to it: each part gets its share rounded down,
// and the billionths that are left go to those that lost most by it, the first of equals first.
func split(cost Money, parts []Amount) []Money {
	shares := make([]Money, len(parts))
	var sum Amount
	for _, p := range parts {
		sum = sum.Plus(p)
	}
	if sum.IsZero() || cost == 0 {
		return shares
	}
	left := cost
	lost := make([]*big.Int, len(parts))
	for i, p := range parts {
		whole, rest := new(big.Int).QuoRem(new(big.Int).Mul(p.int(), big.NewInt(int64(cost))), sum.int(), new(big.Int))
		shares[i], lost[i] = Money(whole.Int64()), rest
		left -= shares[i]
	}
	for ; left > 0; left-- {
		most := 0
		for i := range lost {
			if lost[i].Cmp(lost[most]) > 0 {
				most = i
			}
		}
		shares[most]++
		lost[most] = big.NewInt(-1)
	}
	return shares
}
