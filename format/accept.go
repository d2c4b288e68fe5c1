package format

import (
	"iter"
	"strconv"
	"strings"
)

// Weights yields what an Accept or Accept-Encoding value names, in its order, each with its weight: from 0, not at all, to
// 1, which is also that of what has none; 0 where q is no weight (RFC 9110 §12.4.2). Names are as they were sent, without
// their other parameters.
func Weights(value string) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		for item := range strings.SplitSeq(value, ",") {
			name, parameters, _ := strings.Cut(item, ";")
			if !yield(strings.TrimSpace(name), weight(parameters)) {
				return
			}
		}
	}
}

// weight reads q out of parameters.
func weight(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}

// acceptsGzip reports whether an Accept-Encoding value takes gzip: named, or covered by *, and not with q=0.
func acceptsGzip(value string) bool {
	accepted := false
	for coding, weight := range Weights(value) {
		switch strings.ToLower(coding) {
		case "gzip":
			return weight > 0
		case "*", "x-gzip":
			accepted = accepted || weight > 0
		}
	}
	return accepted
}
