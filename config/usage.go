package config

import (
	"fmt"
	"strings"

	"entrepot/usage"
)

// Usage says what is told of what is used: where clients are, and what it costs.
type Usage struct {
	Networks []string `yaml:"networks"`
	Prices   Prices   `yaml:"prices"`
}

// Prices are in dollars, written as they are: 0.05.
type Prices struct {
	Storage      string   `yaml:"storage"`  // a GB for a month
	Requests     string   `yaml:"requests"` // ten thousand
	Regions      string   `yaml:"regions"`  // a GB to another region
	Internet     []string `yaml:"internet"` // a GB, by what goes there in a month: "SIZE PRICE", and the last a price alone
	FreeStorage  Size     `yaml:"free_storage"`
	FreeRequests int      `yaml:"free_requests"`
}

// defaultUsage is AWS's prices, for clients at private addresses within the region.
func defaultUsage() Usage {
	p := usage.DefaultPrices()
	u := Usage{
		Networks: []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1"},
		Prices: Prices{Storage: p.Storage.String(), Requests: p.Requests.String(), Regions: p.Regions.String(),
			FreeStorage: Size(p.FreeBytes), FreeRequests: int(p.FreeRequests)},
	}
	for _, t := range p.Internet {
		text := t.Price.String()
		if t.Upto != 0 {
			text = Size(t.Upto).String() + " " + text
		}
		u.Prices.Internet = append(u.Prices.Internet, text)
	}
	return u
}

// Table reads the prices. The error names the setting below usage.prices.
func (p Prices) Table() (t usage.Prices, err error) {
	t.FreeBytes, t.FreeRequests = int64(p.FreeStorage), int64(p.FreeRequests)
	for _, price := range []struct {
		name string
		text string
		into *usage.Money
	}{{"storage", p.Storage, &t.Storage}, {"requests", p.Requests, &t.Requests}, {"regions", p.Regions, &t.Regions}} {
		if *price.into, err = usage.ParsePrice(price.text); err != nil {
			return t, fmt.Errorf("%s: %w, got %.40q", price.name, err, price.text)
		}
	}
	for _, text := range p.Internet {
		tier := usage.Tier{}
		size, price, limited := strings.Cut(text, " ")
		if limited {
			var upto Size
			err = upto.UnmarshalText([]byte(size))
			tier.Upto = int64(upto)
		} else {
			price = size
		}
		if err == nil {
			tier.Price, err = usage.ParsePrice(price)
		}
		if err != nil {
			return t, fmt.Errorf("internet: %w, got %.40q", err, text)
		}
		t.Internet = append(t.Internet, tier)
	}
	if err := t.Check(); err != nil {
		return t, fmt.Errorf("internet: %w", err)
	}
	return t, nil
}
