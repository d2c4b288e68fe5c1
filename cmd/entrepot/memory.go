package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// trimEvery is how often memory is looked at. A peak is over for two looks at most before it is given back.
	trimEvery = 5 * time.Second
	// trimFrom is how much memory has to have come back since the last time to be worth giving it back.
	trimFrom = 32 << 20
	// trimAhead is how far away the runtime's own next collection has to be: a server that is busy collects by itself.
	trimAhead = time.Minute
)

// trimmer gives memory back to the system when a peak is over. Go collects when the heap has grown to twice what was
// alive the last time, which after a peak a quiet server does not come to; and what it has collected it gives back little
// by little.
type trimmer struct {
	read func() heap
	free func()
	last heap  // at the last look
	left int64 // bytes that the last trimming left
}

// heap is what the runtime says of its memory, in bytes.
type heap struct {
	held      int64 // from the system
	objects   int64 // allocated and not collected
	goal      int64 // the objects at which the runtime will collect
	allocated int64 // since the start
}

// look trims if it is time.
func (t *trimmer) look() {
	now := t.read()
	ahead := now.allocated - t.last.allocated // at this pace, within trimAhead
	ahead *= int64(trimAhead / trimEvery)
	t.last = now
	if now.held-t.left < trimFrom || now.objects+ahead >= now.goal {
		return
	}
	t.free()
	t.left = t.read().held
}

// run looks until the context ends.
func (t *trimmer) run(ctx context.Context) {
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			t.look()
		}
	}
}

// readHeap asks the runtime.
func readHeap() heap {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/goal:bytes"}, {Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(samples)
	value := func(i int) int64 { return int64(samples[i].Value.Uint64()) }
	return heap{held: value(0) - value(1), objects: value(2), goal: value(3), allocated: value(4)}
}

// freeMemory collects twice, for what pools keep outlives one collection, and gives back what is free.
func freeMemory() {
	runtime.GC()
	debug.FreeOSMemory()
}
