package table

import (
	"bytes"
	"slices"
	"testing"
)

func TestMedianIsTheMiddle(t *testing.T) {
	rows := []struct {
		name   string
		values []float64
		want   float64
	}{
		{"one", []float64{3}, 3},
		{"three out of order", []float64{9, 1, 4}, 4},
		{"four", []float64{4, 1, 3, 2}, 2.5},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			before := slices.Clone(row.values)
			if got := Median(row.values); got != row.want || !slices.Equal(before, row.values) {
				t.Errorf("got %v, want %v; values are now %v", got, row.want, row.values)
			}
		})
	}
}

func TestNumbersKeepAboutThreeDigits(t *testing.T) {
	for x, want := range map[float64]string{-1: "–", 0: "0.00", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 1234.5: "1234", 20_640: "20.6k"} {
		if got := Number(x); got != want {
			t.Errorf("%v: got %s, want %s", x, got, want)
		}
	}
}

func TestEveryRowHasACellUnderEachTitle(t *testing.T) {
	var out bytes.Buffer
	columns := []Column[float64]{Titled("x", Number), Titled("x to 2x", func(x float64) string { return Range([]float64{2 * x, x}) })}
	if err := Write(&out, columns, []float64{1, 20}); err != nil {
		t.Fatal(err)
	}
	want := "| x | x to 2x |\n| --- | --- |\n| 1.00 | 1.00–2.00 |\n| 20.0 | 20.0–40.0 |\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
