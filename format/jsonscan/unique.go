package jsonscan

import (
	"bytes"
	"slices"
)

// mark says where a member of an object stands in a capture.
type mark struct {
	start, value, end int    // of the key with its quote, what follows the key, what follows the value
	plain             []byte // the key's text, if that is not what stands between its quotes
}

// level returns how many members are marked now: those of an object that begins now come after them.
func (c *capture) level() int {
	if c == nil {
		return 0
	}
	return len(c.marks)
}

func (c *capture) length() int {
	if c == nil {
		return 0
	}
	return len(c.out)
}

// beginMember marks a member whose key was captured from start on.
func (c *capture) beginMember(start int) {
	if c == nil || c.over {
		return
	}
	m := mark{start: start, value: len(c.out)}
	key := c.out[start:]
	if len(key) > MaxKey+len(`""`) {
		c.over, c.out = true, nil
		return
	}
	if bytes.IndexByte(key, '\\') >= 0 {
		text, _ := unquote(key) // it was scanned a moment ago
		m.plain = []byte(text)
	}
	c.marks = append(c.marks, m)
}

// endMember marks where the value of the member that was begun last ends.
func (c *capture) endMember() {
	if c != nil && !c.over {
		c.marks[len(c.marks)-1].end = len(c.out)
	}
}

func (c *capture) key(m mark) []byte {
	if m.plain != nil {
		return m.plain
	}
	return c.out[m.start+1 : m.value-1]
}

// unique ends the object whose members are marked from outer on. It refuses a key that comes twice, or with Mend takes
// the earlier members of that key out.
func (s *Scanner) unique(c *capture, outer int) error {
	if c == nil || c.over {
		return nil
	}
	members := c.marks[outer:]
	c.marks = c.marks[:outer]
	again := c.repeated(members)
	if again == nil {
		return nil
	}
	if !s.Mend {
		return s.Fail("the key %.100q comes twice", c.key(members[slices.Index(again, true)]))
	}
	begin := members[0].start
	end := begin
	for i, m := range members {
		if again[i] {
			continue
		}
		if end > begin {
			c.out[end] = ','
			end++
		}
		end += copy(c.out[end:], c.out[m.start:m.end])
	}
	c.out = c.out[:end]
	return nil
}

// fewMembers is how many are compared one by one.
const fewMembers = 24

// repeated says of each member whether its key comes again later; nil if no key does.
func (c *capture) repeated(members []mark) []bool {
	var again []bool
	note := func(i int) {
		if again == nil {
			again = make([]bool, len(members))
		}
		again[i] = true
	}
	if len(members) <= fewMembers {
		for i, m := range members {
			for _, later := range members[i+1:] {
				if bytes.Equal(c.key(m), c.key(later)) {
					note(i)
					break
				}
			}
		}
		return again
	}
	at := make(map[string]int, len(members))
	for i, m := range members {
		if before, twice := at[string(c.key(m))]; twice {
			note(before)
		}
		at[string(c.key(m))] = i
	}
	return again
}
