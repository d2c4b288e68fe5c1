package ruby

import (
	"bytes"
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// dumps are what Ruby 3.1 writes, and what it is read as.
var dumps = map[string]struct {
	dump string
	want any
}{
	"a list of specifications": {"BAhbBlsISSIGYQY6BkVUVToRR2VtOjpWZXJzaW9uWwZJIggxLjAGOwBUSSIJcnVieQY7AFQ=",
		[]any{[]any{"a", object{"Gem::Version", []any{"1.0"}}, "ruby"}}},
	"an answer of the dependency API": {"BAhbBnsJOgluYW1lSSIGYQY6BkVUOgtudW1iZXJJIggxLjAGOwZUOg1wbGF0Zm9ybUkiCXJ1YnkGOwZUOhFkZXBlbmRlbmNpZXNbBlsHSSIGYgY7BlRJIgk+PSAwBjsGVA==",
		[]any{pairs{{symbol("name"), "a"}, {symbol("number"), "1.0"}, {symbol("platform"), "ruby"},
			{symbol("dependencies"), []any{[]any{"b", ">= 0"}}}}}},
	"numbers": {"BAhbD2kAaQZpf2kBe2kB/2kCAAFpAv//aQMAAAFp+mmA", []any{0, 1, 122, 123, 255, 256, 65535, 65536, -1, -123}},
}

func TestWhatRubyMarshalsIsRead(t *testing.T) {
	for name, c := range dumps {
		if got, err := unmarshal(decoded(t, c.dump)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, %v, want %#v", name, got, err, c.want)
		}
	}
}

func decoded(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestNumbersAndTimesAreWrittenAsRubyDoes(t *testing.T) {
	m := &marshaller{}
	m.raw(marshalHeader)
	m.array(10)
	for _, n := range []int{0, 1, 122, 123, 255, 256, 65535, 65536, -1, -123} {
		m.int(n)
	}
	if want := decoded(t, dumps["numbers"].dump); !bytes.Equal(m.buf, want) {
		t.Errorf("got %x, want %x", m.buf, want)
	}
	m = &marshaller{}
	m.raw(marshalHeader)
	m.time(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if want := decoded(t, "BAhJdToJVGltZQ3Aqh/AAAAAAAY6CXpvbmVJIghVVEMGOgZFRg=="); !bytes.Equal(m.buf, want) {
		t.Errorf("got %x, want %x", m.buf, want)
	}
}

// specimen has all there is.
func specimen() specification {
	return specification{
		gem: gem{"demo", "1.0.rc1", "x86_64-linux"}, rubygemsVersion: "3.3.15", date: time.Date(2026, 3, 1, 12, 30, 45, 0, time.UTC),
		summary: "A demonstration", description: "Größer", homepage: "https://demo.example.test", email: []string{"a@example.test", "b"},
		authors: []string{"Ada", "Bob"}, licenses: []string{"MIT"}, metadata: [][2]string{{"b", "1"}, {"a", ""}},
		ruby: requirement{{">=", "2.7"}, {"<", "4"}}, rubygems: requirement{{">=", "0"}},
		dependencies: []dependency{{"other", requirement{{"~>", "1.0"}}, false}, {"rake", requirement{{">=", "0"}}, true}},
	}
}

func TestAQuickSpecificationIsReadAsItWasWritten(t *testing.T) {
	got, err := readQuickSpec(bytes.NewReader(quickSpec(specimen())))
	if err != nil || !reflect.DeepEqual(got, specimen()) {
		t.Errorf("got %#v, %v,\nwant %#v", got, err, specimen())
	}
}

func TestWhatIsNoDataIsNotUnmarshalled(t *testing.T) {
	deep := marshalHeader + strings.Repeat("[\x06", maxMarshalDepth+1) + "0"
	for name, dump := range map[string]string{
		"nothing":                        "",
		"another version":                "\x04\x090",
		"more behind it":                 marshalHeader + "00",
		"cut off":                        marshalHeader + "[\x06",
		"a list that is longer":          marshalHeader + "[\x02\xff\xff0",
		"a text of less than no bytes":   marshalHeader + "\"\xfa",
		"a class that is not known":      marshalHeader + "o:\x0bKernel\x00",
		"another class with a load":      marshalHeader + "U:\x0cGem::OS[\x00",
		"a class that reads itself":      marshalHeader + "u:\x0dTempfile\x06x",
		"a module":                       marshalHeader + "m\x0bKernel",
		"a float":                        marshalHeader + "f\x061",
		"a struct":                       marshalHeader + "S:\x06a\x00",
		"a link to what is not there":    marshalHeader + "@\x06",
		"a link to what it stands in":    marshalHeader + "[\x06@\x00",
		"a symbol that is not there":     marshalHeader + ";\x00",
		"a symbol before the first":      marshalHeader + ";\xfa",
		"an extended object":             marshalHeader + "e:\x06ao:\x06a\x00",
		"too deep":                       deep,
		"a hash with a default":          marshalHeader + "}\x00i\x06",
		"variables of something else":    marshalHeader + "I[\x00\x00",
		"a variable that is no symbol":   marshalHeader + "I\"\x00\x06i\x06i\x06",
		"an object in place of a symbol": marshalHeader + "o\"\x06a\x00",
	} {
		if got, err := unmarshal([]byte(dump)); err == nil {
			t.Errorf("%s is read as %#v", name, got)
		}
	}
}

func TestLinksLeadToWhatIsWhole(t *testing.T) {
	// ["a", the same text, the same list before]
	got, err := unmarshal([]byte(marshalHeader + "[\x09[\x06\"\x06a@\x07@\x06i\x06"))
	want := []any{[]any{"a"}, "a", []any{"a"}, 1}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, %v, want %#v", got, err, want)
	}
}

func TestLinksSayNoMoreThanAStreamMay(t *testing.T) {
	text := strings.Repeat("x", 100_000)
	links := func(n int) []byte { // an array of a text and n links to it
		return []byte("\x04\b[" + string(rune(n+1+5)) + "\"\x03\xa0\x86\x01" + text + strings.Repeat("@\x06", n))
	}
	if _, err := unmarshal(links(3)); err != nil {
		t.Errorf("three links: %v", err)
	}
	if _, err := unmarshal(links(100)); !errors.Is(err, errMarshal) {
		t.Errorf("a hundred links: got %v, want it refused", err)
	}
}
