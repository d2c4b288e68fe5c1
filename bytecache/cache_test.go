package bytecache

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func ofText(room int64) *Cache[string, string] {
	return New[string](room, func(text string) int64 { return int64(len(text)) })
}

// keeps checks which keys are kept, without a use of them.
func keeps(t *testing.T, c *Cache[string, string], want ...string) {
	t.Helper()
	var got []string
	for key := range c.byKey {
		got = append(got, key)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
}

func TestWhatWasNotUsedForLongestGoesFirst(t *testing.T) {
	c := ofText(6)
	c.Put("a", "11")
	c.Put("b", "22")
	c.Put("c", "33")
	if v, ok := c.Get("a"); v != "11" || !ok {
		t.Errorf("got %q, %v", v, ok)
	}
	c.Put("d", "444")
	keeps(t, c, "a", "d")
	if got := c.Used(); got != 5 {
		t.Errorf("used %d bytes, want 5", got)
	}
}

func TestAValueTakesThePlaceOfTheOneBefore(t *testing.T) {
	c := ofText(6)
	c.Put("a", "11")
	c.Put("b", "2222")
	c.Put("b", "3")
	keeps(t, c, "a", "b")
	if v, _ := c.Get("b"); v != "3" || c.Used() != 3 {
		t.Errorf("got %q and %d bytes, want 3", v, c.Used())
	}
}

func TestAValueLargerThanTheRoomPushesOutNothingElse(t *testing.T) {
	c := ofText(6)
	c.Put("a", "11")
	c.Put("b", "22")
	c.Put("b", strings.Repeat("3", 7))
	keeps(t, c, "a")
	c.Put("c", strings.Repeat("4", 6))
	keeps(t, c, "c")
}

func TestWhatIsRemovedIsForgotten(t *testing.T) {
	c := ofText(6)
	c.Put("a", "11")
	c.Remove("a")
	c.Remove("b")
	if _, ok := c.Get("a"); ok || c.Used() != 0 {
		t.Errorf("kept %v, %d bytes", ok, c.Used())
	}
}

// Whatever is done, the room is kept, and what is counted is what is there.
func TestTheRoomIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := ofText(rapid.Int64Range(0, 20).Draw(t, "room"))
		key := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				c.Put(key.Draw(t, "key"), strings.Repeat("x", rapid.IntRange(0, 25).Draw(t, "size")))
			},
			"get":    func(t *rapid.T) { c.Get(key.Draw(t, "key")) },
			"remove": func(t *rapid.T) { c.Remove(key.Draw(t, "key")) },
			"": func(t *rapid.T) {
				sum := int64(0)
				for _, at := range c.byKey {
					sum += int64(len(at.Value.(entry[string, string]).value))
				}
				if sum != c.used || sum > c.room || c.order.Len() != len(c.byKey) {
					t.Fatalf("%d bytes counted as %d in a room of %d; %d of %d in order", sum, c.used, c.room, c.order.Len(),
						len(c.byKey))
				}
			},
		})
	})
}

func TestManyMayUseOneCache(t *testing.T) {
	c := ofText(100)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 1000 {
				key := fmt.Sprint(n*i%50, "")
				c.Put(key, key)
				if v, ok := c.Get(key); ok && v != key {
					t.Errorf("got %q under %q", v, key)
				}
				c.Remove(fmt.Sprint(n % 7))
			}
		})
	}
	all.Wait()
}
