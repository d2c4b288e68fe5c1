package iam

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// exact is a value of StringEquals.
type exact string

func (e exact) compare(held string, _ *facts) bool { return held == string(e) }

// folded is a value of StringEqualsIgnoreCase.
type folded struct{ template }

func (v *folded) compare(held string, f *facts) bool {
	g, ok := v.resolve(f, utf8.UTFMax*len(held)) // a letter may be longer in the other case
	return ok && strings.EqualFold(held, g.first.text())
}

// like is a value of StringLike, or of StringEquals with variables.
type like struct{ template }

func (v *like) compare(held string, f *facts) bool { return v.match(held, f) }

// text returns the only literal of a segment without question marks.
func (s *segment) text() string {
	if len(s.chunks) == 0 {
		return ""
	}
	return s.chunks[0].text
}

func (c *compiler) template(value string, wildcards bool) (template, error) {
	pieces, err := grammar{wildcards: wildcards, variables: c.variables}.parse(value)
	return newTemplate(pieces), err
}

func compileText(c *compiler, value string) (comparer, error) {
	t, err := c.template(value, false)
	if err == nil && t.fixed != nil {
		return exact(t.fixed.first.text()), nil
	}
	return &like{t}, err
}

func compileFolded(c *compiler, value string) (comparer, error) {
	t, err := c.template(value, false)
	return &folded{t}, err
}

func compileLike(c *compiler, value string) (comparer, error) {
	t, err := c.template(value, true)
	return &like{t}, err
}

// arnLike is a value of the ARN operators: six templates between the first five colons, so that no wildcard reaches
// beyond its part. A lone * or a lone variable stands for a whole ARN.
type arnLike struct {
	whole *template
	parts [6]template
}

func (v *arnLike) compare(held string, f *facts) bool {
	if v.whole != nil {
		return v.whole.match(held, f)
	}
	for i := range v.parts {
		part, rest, found := held, "", false
		if i < len(v.parts)-1 {
			if part, rest, found = strings.Cut(held, ":"); !found {
				return false
			}
		}
		if !v.parts[i].match(part, f) {
			return false
		}
		held = rest
	}
	return true
}

func compileARN(c *compiler, value string) (comparer, error) {
	pieces, err := grammar{wildcards: true, variables: c.variables}.parse(value)
	if err != nil {
		return nil, err
	}
	if len(pieces) == 1 && (pieces[0].kind == anyRun || pieces[0].kind == variable) {
		whole := newTemplate(pieces)
		return &arnLike{whole: &whole}, nil
	}
	var v arnLike
	parts := splitPieces(pieces, len(v.parts))
	if len(parts) != len(v.parts) || len(parts[0]) != 1 || parts[0][0].text != "arn" {
		return nil, fmt.Errorf("%q is not an ARN: its parts may hold * and ?, but all six must be there",
			clip(value))
	}
	for i, part := range parts {
		v.parts[i] = newTemplate(part)
	}
	return &v, nil
}

// splitPieces splits at the first limit-1 colons of the literals.
func splitPieces(pieces []piece, limit int) [][]piece {
	parts := make([][]piece, 1, limit)
	for _, p := range pieces {
		for p.kind == literal && len(parts) < limit {
			before, after, found := strings.Cut(p.text, ":")
			if !found {
				break
			}
			if before != "" {
				last := len(parts) - 1
				parts[last] = append(parts[last], piece{kind: literal, text: before})
			}
			parts = append(parts, nil)
			p.text = after
		}
		if p.kind != literal || p.text != "" {
			last := len(parts) - 1
			parts[last] = append(parts[last], p)
		}
	}
	return parts
}

// ordered is a value of the Numeric operators.
type ordered struct {
	value float64
	holds func(order int) bool // of the held value to this one
}

func (v ordered) compare(held string, _ *facts) bool {
	n, err := parseNumber(held)
	return err == nil && v.holds(cmp.Compare(n, v.value))
}

func compileNumber(holds func(order int) bool) func(*compiler, string) (comparer, error) {
	return func(_ *compiler, value string) (comparer, error) {
		n, err := parseNumber(value)
		return ordered{n, holds}, err
	}
}

// parseNumber takes decimal numbers. Go's own syntax has hexadecimals, underscores and infinities besides.
func parseNumber(s string) (float64, error) {
	if len(s) > 40 || strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, fmt.Errorf("%q is not a number", clip(s))
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", clip(s))
	}
	return n, nil
}

// instant is a value of the Date operators.
type instant struct {
	value time.Time
	holds func(order int) bool
}

func (v instant) compare(held string, _ *facts) bool {
	t, err := parseDate(held)
	return err == nil && v.holds(t.Compare(v.value))
}

func compileDate(holds func(order int) bool) func(*compiler, string) (comparer, error) {
	return func(_ *compiler, value string) (comparer, error) {
		t, err := parseDate(value)
		return instant{t, holds}, err
	}
}

// dateLayouts are the forms of the W3C's note on ISO 8601; the last takes fractions of a second as well.
var dateLayouts = []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", time.RFC3339}

// parseDate takes a W3C date or seconds since 1970. Four digits are a year.
func parseDate(s string) (time.Time, error) {
	if len(s) <= 40 {
		for _, layout := range dateLayouts {
			if t, err := time.Parse(layout, s); err == nil {
				return t, nil
			}
		}
	}
	// Twelve digits reach beyond the year 30000.
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) <= 12 {
		return time.Unix(seconds, 0), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither an ISO 8601 date nor seconds since 1970", clip(s))
}

// truth is a value of Bool and Null.
type truth bool

func (v truth) compare(held string, _ *facts) bool { return strings.EqualFold(held, boolText(bool(v))) }

func compileBool(_ *compiler, value string) (comparer, error) {
	for _, b := range []bool{true, false} {
		if strings.EqualFold(value, boolText(b)) {
			return truth(b), nil
		}
	}
	return nil, fmt.Errorf("%q is neither true nor false", clip(value))
}

// compileBinary decodes a value of BinaryEquals; the request holds the bytes themselves.
func compileBinary(_ *compiler, value string) (comparer, error) {
	decoded, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("%q is not base64", clip(value))
	}
	return exact(decoded), nil
}

// network is a value of IpAddress.
type network netip.Prefix

func (v network) compare(held string, _ *facts) bool {
	address, err := netip.ParseAddr(held)
	return err == nil && netip.Prefix(v).Contains(address.Unmap().WithZone(""))
}

// compileNetwork takes an address or a CIDR block. IPv4 written as IPv6 is IPv4, on both sides of the comparison.
func compileNetwork(_ *compiler, value string) (comparer, error) {
	prefix, err := parsePrefix(value)
	if err != nil {
		return nil, fmt.Errorf("%q is neither an IP address nor a CIDR block", clip(value))
	}
	return network(prefix), nil
}

func parsePrefix(value string) (netip.Prefix, error) {
	if !strings.Contains(value, "/") {
		address, err := netip.ParseAddr(value)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, errors.New("not an address")
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(value)
	if err != nil || !prefix.Addr().Is4In6() {
		return prefix, err
	}
	if prefix.Bits() < 96 {
		return prefix, errors.New("covers more than IPv4")
	}
	return netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96), nil
}
