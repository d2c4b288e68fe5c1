package config

import (
	"strings"
	"testing"

	"entrepot/usage"

	"github.com/google/go-cmp/cmp"
)

func TestTheDefaultPricesAreThoseOfTheTable(t *testing.T) {
	got, err := Default().Usage.Prices.Table()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(usage.DefaultPrices(), got); diff != "" {
		t.Error(diff)
	}
}

func TestPricesThatMeanNothingAreRefused(t *testing.T) {
	for what, change := range map[string]func(*Prices){
		"storage":          func(p *Prices) { p.Storage = "five cents" },
		"requests":         func(p *Prices) { p.Requests = "-1" },
		"regions":          func(p *Prices) { p.Regions = "" },
		"internet: a pric": func(p *Prices) { p.Internet = []string{"much"} },
		"is no size":       func(p *Prices) { p.Internet = []string{"10GB 0.09", "0.05"} },
		"no end":           func(p *Prices) { p.Internet = []string{"10GiB 0.09"} },
		"does not end":     func(p *Prices) { p.Internet = []string{"10GiB 0.09", "5GiB 0.08", "0.05"} },
		"no price":         func(p *Prices) { p.Internet = nil },
	} {
		p := Default().Usage.Prices
		change(&p)
		if _, err := p.Table(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	c := Default()
	c.Usage.Networks = []string{"10.0.0.0/8=nowhere!"}
	if err := c.check(nil); err == nil || !strings.Contains(err.Error(), "usage.networks") {
		t.Errorf("got %v", err)
	}
}
