package iam

import (
	"strings"
	"unicode/utf8"
)

// glob is a compiled pattern: segments of text with a star between each two. Matching takes the first segment at the
// start, the last at the end and each other one as early as possible, so its time grows with the text and not with the
// number of stars; a backtracking matcher lets fifty stars stop a server.
type glob struct {
	starred     bool // without a star, first is the whole pattern
	first, last segment
	middle      []segment
}

// segment is a run of literals and question marks.
type segment struct {
	chunks []chunk
	runes  int
	masks  *masks // for a search with question marks
}

// chunk is skip characters of any kind, then text.
type chunk struct {
	skip int
	text string
}

// compileGlob makes a glob of pieces, none of which is a variable.
func compileGlob(pieces []piece) glob {
	var g glob
	var current segment
	for _, p := range pieces {
		switch p.kind {
		case literal:
			current.addText(p.text)
		case anyOne:
			current.addAny()
		case anyRun:
			if !g.starred {
				g.first = current
			} else if current.runes > 0 {
				current.masks = newMasks(current)
				g.middle = append(g.middle, current)
			}
			g.starred, current = true, segment{}
		}
	}
	if g.starred {
		g.last = current
	} else {
		g.first = current
	}
	return g
}

func (s *segment) addText(t string) {
	if t == "" {
		return
	}
	s.runes += utf8.RuneCountInString(t)
	if n := len(s.chunks); n > 0 {
		s.chunks[n-1].text += t
		return
	}
	s.chunks = append(s.chunks, chunk{text: t})
}

func (s *segment) addAny() {
	s.runes++
	if n := len(s.chunks); n > 0 && s.chunks[n-1].text == "" {
		s.chunks[n-1].skip++
		return
	}
	s.chunks = append(s.chunks, chunk{skip: 1})
}

// match reports whether the pattern covers all of text.
func (g *glob) match(text string) bool {
	end, ok := g.first.prefixOf(text)
	if !ok || !g.starred {
		return ok && end == len(text)
	}
	text = text[end:]
	start, ok := g.last.suffixOf(text)
	if !ok {
		return false
	}
	text = text[:start]
	for i := range g.middle {
		end, ok := g.middle[i].find(text)
		if !ok {
			return false
		}
		text = text[end:]
	}
	return true
}

// mayBegin reports whether the pattern covers some text that begins with prefix.
func (g *glob) mayBegin(prefix string) bool {
	for _, c := range g.first.chunks {
		for range c.skip {
			if prefix == "" {
				return true
			}
			_, width := utf8.DecodeRuneInString(prefix)
			prefix = prefix[width:]
		}
		if len(prefix) <= len(c.text) {
			return strings.HasPrefix(c.text, prefix)
		}
		if !strings.HasPrefix(prefix, c.text) {
			return false
		}
		prefix = prefix[len(c.text):]
	}
	return g.starred || prefix == ""
}

// prefixOf returns where the segment ends if text begins with it.
func (s *segment) prefixOf(text string) (end int, ok bool) {
	for _, c := range s.chunks {
		for range c.skip {
			if end == len(text) {
				return 0, false
			}
			_, width := utf8.DecodeRuneInString(text[end:])
			end += width
		}
		if !strings.HasPrefix(text[end:], c.text) {
			return 0, false
		}
		end += len(c.text)
	}
	return end, true
}

// suffixOf returns where the segment begins if text ends with it.
func (s *segment) suffixOf(text string) (start int, ok bool) {
	start = len(text)
	for range s.runes {
		if start == 0 {
			return 0, false
		}
		_, width := utf8.DecodeLastRuneInString(text[:start])
		start -= width
	}
	end, ok := s.prefixOf(text[start:])
	return start, ok && start+end == len(text)
}

// find returns where the first occurrence of the segment in text ends.
func (s *segment) find(text string) (end int, ok bool) {
	if s.masks != nil {
		return s.masks.find(text)
	}
	start := strings.Index(text, s.chunks[0].text)
	return start + len(s.chunks[0].text), start >= 0
}

// masks drive the search for a segment with question marks: bit i of a character's mask says that the segment's i-th
// place takes that character (Baeza-Yates and Gonnet, "A new approach to text searching", 1992). Its time is the text's
// length times a 64th of the segment's, whatever both hold.
type masks struct {
	places int
	every  []uint64          // places that take every character
	of     map[rune][]uint64 // places that take this one, those that take every character included
}

// newMasks returns nil for a segment without question marks: strings.Index is faster and linear as well.
func newMasks(s segment) *masks {
	if len(s.chunks) == 1 && s.chunks[0].skip == 0 {
		return nil
	}
	words := (s.runes + 63) / 64
	m := &masks{places: s.runes, every: make([]uint64, words), of: make(map[rune][]uint64)}
	place := 0
	for _, c := range s.chunks {
		for range c.skip {
			m.every[place/64] |= 1 << (place % 64)
			place++
		}
		for _, r := range c.text {
			if m.of[r] == nil {
				m.of[r] = make([]uint64, words)
			}
			m.of[r][place/64] |= 1 << (place % 64)
			place++
		}
	}
	for _, mask := range m.of {
		for i := range mask {
			mask[i] |= m.every[i]
		}
	}
	return m
}

func (m *masks) find(text string) (end int, ok bool) {
	last := m.places - 1
	reached := make([]uint64, len(m.every)) // bit i: the segment's first i+1 places match what was just read
	for end < len(text) {
		r, width := utf8.DecodeRuneInString(text[end:])
		end += width
		mask, listed := m.of[r]
		if !listed || r == utf8.RuneError && width == 1 {
			mask = m.every
		}
		carry := uint64(1)
		for i, bits := range reached {
			reached[i] = (bits<<1 | carry) & mask[i]
			carry = bits >> 63
		}
		if reached[last/64]>>(last%64)&1 == 1 {
			return end, true
		}
	}
	return 0, false
}
