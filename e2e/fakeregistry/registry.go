// Package fakeregistry is what the public registries of the tests have in common: they count what they are asked, and fail
// and lie when they are told to.
package fakeregistry

import (
	"maps"
	"net/http"
	"sync"
)

// Door stands before a registry. Its zero value is honest. It is safe for use by several goroutines.
type Door struct {
	mu    sync.Mutex
	fault Fault
	asked map[string]int
}

// Serve counts a request and answers it with what the registry says, as far as the door lets that through.
func (d *Door) Serve(w http.ResponseWriter, r *http.Request, honest Answer) {
	d.mu.Lock()
	if d.asked == nil {
		d.asked = map[string]int{}
	}
	d.asked[r.Method+" "+r.URL.EscapedPath()]++
	fault := d.fault
	d.mu.Unlock()
	honest.w, honest.r = w, r
	if fault == nil {
		fault = None
	}
	fault(honest)
}

// Fail makes every later answer fail in the given way, until told otherwise; None is a healthy registry again.
func (d *Door) Fail(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = f
}

// Asked returns how often each "METHOD PATH" was asked since the start or the last Forget; paths are as they came.
func (d *Door) Asked() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.asked)
}

// Forget clears what Asked returns.
func (d *Door) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.asked)
}
