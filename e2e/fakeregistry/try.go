package fakeregistry

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"
)

// Get asks for a URL with header fields, each a name and its value. The body is nil where it did not come whole, the
// response too where none came.
func Get(t testing.TB, url string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp, nil
	}
	return resp, body
}

// TryFaults proves that every fault but none and slow changes what a registry answers about some of the URLs, and that bytes
// changes no length. open returns a healthy registry's door and the URLs below it.
func TryFaults(t *testing.T, faults map[string]Fault, open func(*testing.T) (*Door, []string)) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			door, urls := open(t)
			answers := func() (all [][]byte) {
				for _, url := range urls {
					_, body := Get(t, url)
					all = append(all, body)
				}
				return all
			}
			before := answers()
			door.Fail(fault)
			after := answers()
			if same, honest := slices.EqualFunc(before, after, bytes.Equal), name == "none" || name == "slow"; same != honest {
				t.Errorf("got the same answers: %t, want %t", same, honest)
			}
			sameLength := func(a, b []byte) bool { return len(a) == len(b) }
			if name == "bytes" && !slices.EqualFunc(before, after, sameLength) {
				t.Error("got answers of another length, and only bytes should be wrong")
			}
		})
	}
}
