package ruby

import (
	"encoding/binary"
	"time"
)

// marshalHeader is that of a stream of Marshal 4.8 (Ruby's marshal.rdoc).
const marshalHeader = "\x04\x08"

// marshaller writes values as Ruby's Marshal does, without links: each value stands where it is, symbols too. So parts that were
// written apart can be put one behind the other. Ruby's own reader and that of RubyGems take both.
type marshaller struct{ buf []byte }

func (m *marshaller) raw(text string) { m.buf = append(m.buf, text...) }

// long writes a number of up to 32 bits, without the mark of one.
func (m *marshaller) long(n int) {
	switch {
	case n == 0:
		m.buf = append(m.buf, 0)
	case 0 < n && n < 123:
		m.buf = append(m.buf, byte(n+5))
	case -124 < n && n < 0:
		m.buf = append(m.buf, byte(n-5))
	default:
		m.longBytes(n)
	}
}

// longBytes writes how many bytes follow, less than none for a negative number, and those, the lowest first.
func (m *marshaller) longBytes(n int) {
	negative := n < 0
	end := 0
	if negative {
		end = -1
	}
	at := len(m.buf)
	m.buf = append(m.buf, 0)
	for count := 1; count <= 4; count++ {
		m.buf = append(m.buf, byte(n))
		if n >>= 8; n == end {
			m.buf[at] = byte(count)
			if negative {
				m.buf[at] = byte(-count)
			}
			return
		}
	}
	m.buf[at] = 4
}

func (m *marshaller) int(n int) {
	m.raw("i")
	m.long(n)
}

func (m *marshaller) bool(is bool) {
	if is {
		m.raw("T")
		return
	}
	m.raw("F")
}

func (m *marshaller) nil() { m.raw("0") }

// bytes writes a text without its mark and encoding.
func (m *marshaller) bytes(text string) {
	m.long(len(text))
	m.raw(text)
}

func (m *marshaller) symbol(name string) {
	m.raw(":")
	m.bytes(name)
}

// string writes a text in UTF-8.
func (m *marshaller) string(text string) {
	m.raw(`I"`)
	m.bytes(text)
	m.long(1)
	m.symbol("E")
	m.bool(true)
}

// optional writes a text, or nil where there is none.
func (m *marshaller) optional(text string) {
	if text == "" {
		m.nil()
		return
	}
	m.string(text)
}

// array begins an array of so many values, which follow.
func (m *marshaller) array(n int) {
	m.raw("[")
	m.long(n)
}

// hash begins a hash of so many pairs, which follow.
func (m *marshaller) hash(n int) {
	m.raw("{")
	m.long(n)
}

func (m *marshaller) strings(all []string) {
	m.array(len(all))
	for _, text := range all {
		m.string(text)
	}
}

// dumped begins an object whose class has a marshal_dump, which follows.
func (m *marshaller) dumped(class string) {
	m.raw("U")
	m.symbol(class)
}

func (m *marshaller) version(text string) {
	m.dumped("Gem::Version")
	m.array(1)
	m.string(text)
}

func (m *marshaller) requirement(r requirement) {
	m.dumped("Gem::Requirement")
	m.array(1)
	all := r.constraints()
	m.array(len(all))
	for _, c := range all {
		m.array(2)
		m.string(c.op)
		m.version(c.version)
	}
}

func (m *marshaller) dependency(d dependency) {
	m.raw("o")
	m.symbol("Gem::Dependency")
	m.long(5)
	m.symbol("@name")
	m.string(d.name)
	m.symbol("@requirement")
	m.requirement(d.requirement)
	m.symbol("@type")
	kind := "runtime"
	if d.development {
		kind = "development"
	}
	m.symbol(kind)
	m.symbol("@prerelease")
	m.bool(false)
	m.symbol("@version_requirements")
	m.requirement(d.requirement)
}

// time writes a time in UTC in eight bytes (time.c, time_mdump).
func (m *marshaller) time(at time.Time) {
	at = at.UTC()
	high := uint32(1)<<31 | 1<<30 | uint32(at.Year()-1900)<<14 | uint32(at.Month()-1)<<10 | uint32(at.Day())<<5 | uint32(at.Hour())
	low := uint32(at.Minute())<<26 | uint32(at.Second())<<20 | uint32(at.Nanosecond()/1000)
	m.raw("Iu")
	m.symbol("Time")
	m.long(8)
	m.buf = binary.LittleEndian.AppendUint32(m.buf, high)
	m.buf = binary.LittleEndian.AppendUint32(m.buf, low)
	m.long(1)
	m.symbol("zone")
	m.raw(`I"`)
	m.bytes("UTC")
	m.long(1)
	m.symbol("E")
	m.bool(false)
}

// specification writes what is told of a gem (Gem::Specification#_dump): a stream within the stream.
func (m *marshaller) specification(s specification) {
	inner := &marshaller{}
	inner.raw(marshalHeader)
	inner.array(19)
	inner.string(s.rubygemsVersion)
	inner.int(4) // the version of specifications, of which no other is in use
	inner.string(s.name)
	inner.version(s.version)
	inner.time(s.date)
	inner.string(s.summary)
	inner.requirement(s.ruby)
	inner.requirement(s.rubygems)
	inner.string(s.platform)
	inner.array(len(s.dependencies))
	for _, d := range s.dependencies {
		inner.dependency(d)
	}
	inner.string("")
	if len(s.email) == 1 {
		inner.string(s.email[0])
	} else {
		inner.strings(s.email)
	}
	inner.strings(s.authors)
	inner.optional(s.description)
	inner.optional(s.homepage)
	inner.bool(true)
	inner.string(s.platform)
	inner.strings(s.licenses)
	inner.hash(len(s.metadata))
	for _, pair := range s.metadata {
		inner.string(pair[0])
		inner.string(pair[1])
	}
	m.raw("u")
	m.symbol("Gem::Specification")
	m.bytes(string(inner.buf))
}
