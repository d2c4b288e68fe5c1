package usage_test

import (
	"strings"
	"testing"

	"entrepot/usage"
)

func TestAPriceIsReadToTheBillionth(t *testing.T) {
	for text, want := range map[string]usage.Money{
		"0": 0, "0.05": 50_000_000, "0.050": 50_000_000, "1": usage.Dollar, "999999.999999999": 999_999_999_999_999,
		"0.000000001": 1, "12.5": 12_500_000_000, "007": 7 * usage.Dollar,
	} {
		if got, err := usage.ParsePrice(text); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", ".", "5.", ".5", "-1", "+1", "1e3", "0x1", "1_0", "1,5", " 1", "1 ", "1000000", "0.0000000001", "$1", "１",
		"1.2.3", "NaN"} {
		if got, err := usage.ParsePrice(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

func TestMoneyIsWrittenWithTheDecimalsItNeeds(t *testing.T) {
	for m, want := range map[usage.Money][2]string{
		0: {"0.00", "0.00"}, usage.Dollar / 20: {"0.05", "0.05"}, 1: {"0.000000001", "<0.01"}, usage.Dollar: {"1.00", "1.00"},
		1_234_500_000: {"1.2345", "1.23"}, 1_235_000_000: {"1.235", "1.24"}, 5_000_000: {"0.005", "0.01"}, 4_999_999: {"0.004999999", "<0.01"},
	} {
		if got := [2]string{m.String(), m.Cents()}; got != want {
			t.Errorf("%d: got %v, want %v", int64(m), got, want)
		}
	}
	if got := usage.Money(-1_500_000_000).String(); got != "-1.50" {
		t.Errorf("got %s, want -1.50", got)
	}
}

// FuzzParsePrice wants what is read to be read again from how it is written, and to have nothing but digits and a point.
func FuzzParsePrice(f *testing.F) {
	for _, text := range []string{"0.05", "1", "999999.999999999", "-1", "1e9", "0.", strings.Repeat("9", 40)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := usage.ParsePrice(text)
		if err != nil {
			return
		}
		if m < 0 || m >= 1_000_000*usage.Dollar || strings.Trim(text, "0123456789.") != "" {
			t.Fatalf("%q is read as %d", text, m)
		}
		if again, err := usage.ParsePrice(m.String()); err != nil || again != m {
			t.Fatalf("%q is written %s, which is read as %d, %v", text, m, again, err)
		}
		var decoded usage.Money
		if err := decoded.UnmarshalText([]byte(m.String())); err != nil || decoded != m {
			t.Fatalf("%s is decoded as %d, %v", m, decoded, err)
		}
	})
}
