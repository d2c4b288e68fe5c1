package jsonscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// manyWith is an object of so many members and the ones given.
func manyWith(n int, members string) string {
	var b strings.Builder
	b.WriteString(`{`)
	for i := range n {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	return b.String() + members + `}`
}

func TestAKeyThatComesTwiceInsideAValueIsRefused(t *testing.T) {
	for _, document := range []string{
		`{"a":{"b":1,"b":2}}`, `[{"b":1,"b":2}]`, `{"a":1,"\u0061":2}`, `{"\u0061":1,"a":2}`, `{"\"":1,"\u0022":2}`,
		`{"":1,"":2}`, manyWith(50, `"k7":1`), `{"<":1,"\u003c":2}`,
	} {
		_, err := Over([]byte(document)).Raw(1 << 20)
		if bad, ok := errors.AsType[*SyntaxError](err); !ok || !strings.Contains(bad.Reason, "comes twice") {
			t.Errorf("%.60s: got %v, want it refused", document, err)
		}
	}
}

func TestAKeyThatComesTwiceCountsWithItsLastValueWhereClientsReadItSo(t *testing.T) {
	for _, row := range [][2]string{
		{`{"a":1,"a":2}`, `{"a":2}`},
		{`{"a":1,"b":2,"a":3}`, `{"b":2,"a":3}`},
		{`{"a":1,"b":2,"b":3,"c":4}`, `{"a":1,"b":3,"c":4}`},
		{`{"a":1,"a":2,"a":3}`, `{"a":3}`},
		{`{"s":{"x":1, "y":[{"z":1,"z":{"q":0}}], "x":2},"t":0}`, `{"s":{"y":[{"z":{"q":0}}],"x":2},"t":0}`},
		{`{"\u0061":1,"a":2}`, `{"a":2}`},
		{`{"a":1,"\u0061":2}`, `{"\u0061":2}`},
		{`{"a":{"b":1,"b":2},"a":{"c":1,"c":2}}`, `{"a":{"c":2}}`},
		{`{}`, `{}`},
		{`{"a":1}`, `{"a":1}`},
	} {
		s := Over([]byte(row[0]))
		s.Mend = true
		if got, err := s.Raw(1 << 20); string(got) != row[1] || err != nil {
			t.Errorf("%s: got %s, %v, want %s", row[0], got, err, row[1])
		}
	}
	s := Over([]byte(manyWith(50, `"k0":"last"`)))
	s.Mend = true
	got, err := s.Raw(1 << 20)
	if err != nil || !bytes.HasPrefix(got, []byte(`{"k1":1,`)) || !bytes.HasSuffix(got, []byte(`,"k0":"last"}`)) {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestAnObjectReadKeyByKeyGivesEachValueOfAMendedKey(t *testing.T) {
	s := Over([]byte(`{"a":1,"a":2}`))
	s.Mend = true
	var last []byte
	err := s.Object(func(string) (err error) {
		last, err = s.Raw(10)
		return err
	})
	if string(last) != "2" || err != nil {
		t.Errorf("got %s, %v, want 2", last, err)
	}
}

func TestAKeyOverTheLimitIsPassedOverWithItsValue(t *testing.T) {
	s := Over([]byte(`[{"` + strings.Repeat("k", MaxKey+1) + `":1},2]`))
	var last []byte
	err := s.Array(func() (err error) {
		if last, err = s.Raw(1 << 20); err == ErrTooBig {
			return nil
		}
		return err
	})
	if string(last) != "2" || err != nil {
		t.Errorf("got %s, %v, want 2", last, err)
	}
}

func TestWhatClientsTakeIsSplit(t *testing.T) {
	all, err := SplitMended([]byte("{\"a\": \"\xff\", \"b\": 1, \"a\": \"\xfe\"}"))
	if text, _ := all.Text("a"); err != nil || len(all) != 2 || text != "\uFFFD" {
		t.Errorf("got %v, %v", all, err)
	}
}

// FuzzMended holds values that are mended against encoding/json, of which the last member of a key counts too.
func FuzzMended(f *testing.F) {
	for _, seed := range []string{`{"a":1,"a":{"b":1,"\u0062":2}}`, manyWith(30, `"k1":[{"x":1,"x":2}]`), "{\"a\xff\":1}", `[]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		s := Over(document)
		s.Mend = true
		got, err := s.Raw(3 * len(document))
		if err == nil {
			err = s.Finish()
		}
		if err != nil {
			return
		}
		if again, err := Over(got).Raw(len(got)); err != nil || !bytes.Equal(again, got) {
			t.Fatalf("got %s, which is read as %s, %v", got, again, err)
		}
		have, err := decode(got)
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(document) {
			return // encoding/json mends it in another way
		}
		if want, err := decode(document); err == nil && !reflect.DeepEqual(have, want) {
			t.Fatalf("got %s for %s", got, document)
		}
	})
}

// decode keeps numbers as they are written: there are some that no float64 holds.
func decode(document []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	err = d.Decode(&value)
	return value, err
}
