package usage

import (
	"errors"
	"fmt"
)

// What prices are for. A gigabyte is 2^30 bytes, as where AWS bills storage and transfer.
const (
	Gigabyte        = 1 << 30
	requestsOfPrice = 10_000
)

// Prices is a table of prices and of what is free.
type Prices struct {
	Storage  Money  // a gigabyte for a month
	Requests Money  // ten thousand
	Regions  Money  // a gigabyte to another region
	Internet []Tier // a gigabyte to the internet, by what went there in the month
	// What an account has free in a month: so many bytes that lie all month, and requests.
	FreeBytes, FreeRequests int64
}

// Tier is a price up to an amount.
type Tier struct {
	Upto  int64 // bytes in the month; 0: no end
	Price Money
}

// DefaultPrices are AWS's list prices in us-east-1: CodeArtifact's, and S3's of transfer.
func DefaultPrices() Prices {
	return Prices{
		Storage: Dollar / 20, Requests: Dollar / 20, Regions: Dollar / 50,
		Internet: []Tier{{100 * Gigabyte, 0}, {10 << 40, 9 * Dollar / 100}, {50 << 40, 85 * Dollar / 1000},
			{150 << 40, 7 * Dollar / 100}, {0, 5 * Dollar / 100}},
		FreeBytes: 2 * Gigabyte, FreeRequests: 100_000,
	}
}

// Check returns what is wrong with a table: tiers that do not rise, or that end.
func (p Prices) Check() error {
	if len(p.Internet) == 0 {
		return errors.New("there is no price of transfer to the internet")
	}
	var last int64
	for i, t := range p.Internet {
		switch end := i == len(p.Internet)-1; {
		case end && t.Upto != 0:
			return errors.New("the last tier must have no end")
		case !end && t.Upto <= last:
			return fmt.Errorf("tier %d does not end behind the one before", i+1)
		}
		last = t.Upto
	}
	return nil
}

// internet returns what an amount of bytes costs, and how many of them are free.
func (p Prices) internet(bytes Amount) (cost Money, free Amount) {
	var below Amount
	for _, t := range p.Internet {
		part := bytes.Minus(below)
		if t.Upto != 0 {
			part = Least(part, Of(t.Upto).Minus(below))
			below = Of(t.Upto)
		}
		cost += part.cost(t.Price, Of(Gigabyte))
		if t.Price == 0 {
			free = free.Plus(part)
		}
	}
	return cost, free
}

// Dimension is what is paid for.
type Dimension string

// The dimensions. Amounts are bytes times seconds, requests, and bytes.
const (
	Storage  Dimension = "storage"
	Requests Dimension = "requests"
	Transfer Dimension = "transfer"
)

// Line is a line of a bill. Quantity is bytes times seconds of storage, requests, or bytes of transfer.
type Line struct {
	Dimension Dimension
	Network   string // of transfer
	Quantity  Amount
	Free      Amount
	Cost      Money
}

// dimension is where a line stands on a bill, without amounts.
type dimension struct {
	Dimension
	network string
}

// quantities are amounts by what is paid for.
type quantities map[dimension]Amount

func (q quantities) add(d dimension, a Amount) {
	if !a.IsZero() {
		q[d] = q[d].Plus(a)
	}
}

// line prices one quantity of an account's month.
func (p Prices) line(d dimension, quantity Amount, m Month, own string) Line {
	l := Line{Dimension: d.Dimension, Network: d.network, Quantity: quantity}
	billed := func(price Money, units Amount) { l.Cost = quantity.Minus(l.Free).cost(price, units) }
	switch {
	case d.Dimension == Storage:
		month := m.Hours() * secondsOfHour
		l.Free = Least(quantity, Of(p.FreeBytes).Times(month))
		billed(p.Storage, Of(Gigabyte).Times(month))
	case d.Dimension == Requests:
		l.Free = Least(quantity, Of(p.FreeRequests))
		billed(p.Requests, Of(requestsOfPrice))
	case d.network == own:
		l.Free = quantity
	case d.network == Internet:
		l.Cost, l.Free = p.internet(quantity)
	default:
		billed(p.Regions, Of(Gigabyte))
	}
	return l
}
