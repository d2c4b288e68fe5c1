// Package table writes what was measured as a table in Markdown.
package table

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Median returns the middle of the values, or the mean of the two in the middle. There is at least one.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// None is the cell of what there is not.
const None = "–"

// Number writes three digits or so; negative stands for "there is none".
func Number(x float64) string {
	switch {
	case x < 0:
		return None
	case x >= 10_000:
		return fmt.Sprintf("%.1fk", x/1000)
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// Range writes the least and the most of the values.
func Range(values []float64) string {
	return Number(slices.Min(values)) + "–" + Number(slices.Max(values))
}

// Column is what stands in one column of rows of a kind.
type Column[R any] struct {
	Title string
	Cell  func(R) string
}

// Titled makes a column.
func Titled[R any](title string, cell func(R) string) Column[R] { return Column[R]{title, cell} }

// Write writes the rows under their titles.
func Write[R any](w io.Writer, columns []Column[R], rows []R) error {
	var titles, lines []string
	for _, c := range columns {
		titles, lines = append(titles, c.Title), append(lines, "---")
	}
	all := [][]string{titles, lines}
	for _, row := range rows {
		var cells []string
		for _, c := range columns {
			cells = append(cells, c.Cell(row))
		}
		all = append(all, cells)
	}
	for _, cells := range all {
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")); err != nil {
			return err
		}
	}
	return nil
}
