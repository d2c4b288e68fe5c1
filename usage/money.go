package usage

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Money is an amount in billionths of a dollar. Sums of it are exact.
type Money int64

// Dollar is one of them.
const Dollar Money = 1_000_000_000

// The digits that a price may have before its point and behind.
const (
	maxDollarDigits   = 6
	maxFractionDigits = 9
)

var errPrice = errors.New("a price is dollars with at most nine decimals, such as 0.05")

// ParsePrice reads a price in dollars, such as 0.05: up to six digits, and up to nine behind a point.
func ParsePrice(text string) (Money, error) {
	whole, fraction, pointed := strings.Cut(text, ".")
	if whole == "" || len(whole) > maxDollarDigits || len(fraction) > maxFractionDigits || pointed && fraction == "" {
		return 0, errPrice
	}
	digits := whole + fraction + strings.Repeat("0", maxFractionDigits-len(fraction))
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, errPrice
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, errPrice
	}
	return Money(n), nil
}

// String writes dollars with two decimals at least, and with as many as are needed.
func (m Money) String() string {
	sign, n := "", uint64(m)
	if m < 0 {
		sign, n = "-", -n
	}
	text := strings.TrimRight(fmt.Sprintf("%d.%09d", n/uint64(Dollar), n%uint64(Dollar)), "0")
	if point := strings.IndexByte(text, '.'); len(text) < point+3 {
		text += strings.Repeat("0", point+3-len(text))
	}
	return sign + text
}

// Cents writes dollars with two decimals, rounded half up. What is less than half a cent and not nothing is "<0.01".
func (m Money) Cents() string {
	const cent = Dollar / 100
	if m > 0 && m < cent/2 {
		return "<0.01"
	}
	n := (m + cent/2) / cent
	return fmt.Sprintf("%d.%02d", n/100, n%100)
}

// MarshalText writes the amount as String does.
func (m Money) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText has written of an amount that is not negative.
func (m *Money) UnmarshalText(text []byte) error {
	n, ok := new(big.Rat).SetString(string(text))
	if !ok || len(text) > 32 || strings.ContainsAny(string(text), "eE/_xX") {
		return errPrice
	}
	n.Mul(n, big.NewRat(int64(Dollar), 1))
	if !n.IsInt() || !n.Num().IsInt64() {
		return errPrice
	}
	*m = Money(n.Num().Int64())
	return nil
}
