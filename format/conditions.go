package format

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// matches reports whether an If-None-Match list holds the tag, by weak comparison (RFC 9110 §13.1.2).
func matches(list, etag string) bool {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == etag {
			return true
		}
	}
	return false
}

// notModifiedSince reports whether If-Modified-Since says that the client has the content of this time. It does not
// count beside If-None-Match (RFC 9110 §13.1.3).
func notModifiedSince(r *http.Request, modified time.Time) bool {
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && r.Header.Get("If-None-Match") == "" && !modified.IsZero() &&
		!modified.Truncate(time.Second).After(since)
}

// span is a part of a content, in bytes.
type span struct{ start, length int64 }

// rangeOf reads the Range of a GET for a content of this size, tag and time of change. asked is false when the whole is
// to be sent: there is no Range, or one of another unit, of several parts or malformed, all of which a server may
// ignore (RFC 9110 §14.2), or If-Range names other content. A span without length was asked for beyond the end.
func rangeOf(r *http.Request, size int64, etag, modified string) (part span, asked bool) {
	value, known := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	if !known || r.Method != http.MethodGet {
		return span{}, false
	}
	if has := r.Header.Get("If-Range"); has != "" && has != etag && has != modified {
		return span{}, false
	}
	from, to, ok := strings.Cut(strings.TrimSpace(value), "-")
	if !ok {
		return span{}, false
	}
	if from == "" {
		last, err := parseOffset(to)
		last = min(last, size)
		return span{size - last, last}, err == nil
	}
	start, err := parseOffset(from)
	if err != nil {
		return span{}, false
	}
	end := size - 1
	if to != "" {
		asked, err := parseOffset(to)
		if err != nil || asked < start {
			return span{}, false
		}
		end = min(end, asked)
	}
	return span{start, max(end-start+1, 0)}, true
}

// parseOffset reads digits and nothing else. More than 63 bits of them are beyond every end.
func parseOffset(digits string) (int64, error) {
	n, err := strconv.ParseUint(digits, 10, 63)
	// It stops where the number becomes too large, whatever follows.
	if errors.Is(err, strconv.ErrRange) && strings.Trim(digits, "0123456789") == "" {
		return math.MaxInt64, nil
	}
	return int64(n), err
}
