package format

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzRange holds that whatever is asked for, what is sent lies inside the content, and that only one range of bytes is
// taken for one.
func FuzzRange(f *testing.F) {
	for _, value := range []string{"bytes=0-0", "bytes=5-", "bytes=-5", "bytes=-0", "bytes=0-1,3-4", "bytes=9-1", "bytes=+1-",
		"bytes=99999999999999999999-", "lines=0-1", "bytes= 1-2", ""} {
		f.Add(value, int64(10))
	}
	f.Fuzz(func(t *testing.T, value string, size int64) {
		if size < 0 {
			return
		}
		r := &http.Request{Method: http.MethodGet, Header: http.Header{"Range": {value}}}
		part, asked := rangeOf(r, size, `"x"`, "")
		if !asked {
			return
		}
		if part.length < 0 || part.start < 0 || part.length > 0 && part.start > size-part.length {
			t.Fatalf("%q of %d bytes is %+v", value, size, part)
		}
		if !strings.HasPrefix(value, "bytes=") || strings.ContainsAny(value, ",+") {
			t.Fatalf("%q is taken for one range of bytes", value)
		}
	})
}
