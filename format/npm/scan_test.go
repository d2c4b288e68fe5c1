package npm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRawGivesWhatCompactGives(t *testing.T) {
	for _, document := range []string{
		`{}`, `[]`, `null`, `true`, ` false `, `0`, `-1.5e+10`, `""`, `"a\"b\\\u00e4\n"`, `{"a":[1,{"b":null}],"c":"d"}`,
		"[ 1 ,\n2,\t\"x y\" ]", `{ "a" : { } , "b" : [ ] }`, `"` + strings.Repeat("x", 200_000) + `"`, `"\ud83d"`,
	} {
		var want bytes.Buffer
		if err := json.Compact(&want, []byte(document)); err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]*scanner{
			"whole":  scanBytes([]byte(document)),
			"stream": newScanner(strings.NewReader(document)),
			"dribs":  newScanner(iotest.OneByteReader(strings.NewReader(document))),
		} {
			got, err := s.raw(1 << 20)
			if err == nil {
				err = s.finish()
			}
			if err != nil || !bytes.Equal(got, want.Bytes()) {
				t.Errorf("%s %.40s: got %.40s, %v", name, document, got, err)
			}
		}
	}
}

func TestMalformedDocumentsAreRefused(t *testing.T) {
	for _, document := range []string{
		``, ` `, `{`, `[`, `"`, `"\`, `"\x"`, `"\u12g4"`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{,}`, `[1,]`, `[,1]`,
		`[1 2]`, `tru`, `nul`, `01`, `1.`, `+1`, `.5`, `-`, `1e`, `NaN`, `Infinity`, `{"a":1}x`, `[] []`,
		"\"\x00\"", "\"\n\"", "\"\xff\"", `{"a":1 "b":2}`, `'a'`,
		strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), strings.Repeat("1", 1000),
	} {
		s := newScanner(strings.NewReader(document))
		_, err := s.raw(1 << 20)
		if err == nil {
			err = s.finish()
		}
		if _, ok := errors.AsType[*malformed](err); !ok {
			t.Errorf("%.40q: got %v, want a syntax error", document, err)
		}
	}
}

func TestARegistrysInvalidUTF8IsMended(t *testing.T) {
	s := newScanner(strings.NewReader("\"a\xffb\""))
	s.mend = true
	if got, err := s.text(100); got != "a\uFFFDb" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAValueOverTheLimitIsPassedOver(t *testing.T) {
	s := newScanner(strings.NewReader(`["` + strings.Repeat("x", 1000) + `", 1]`))
	var second []byte
	n := 0
	err := s.array(func() error {
		value, err := s.raw(100)
		if n++; n == 1 {
			if err != errTooBig {
				t.Errorf("got %v, want errTooBig", err)
			}
			return nil
		}
		second = value
		return err
	})
	if err != nil || string(second) != "1" {
		t.Errorf("got %s, %v", second, err)
	}
}

func TestTwoEqualKeysAreRefused(t *testing.T) {
	for _, document := range []string{`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`} {
		s := newScanner(strings.NewReader(document))
		if err := s.object(func(string) error { return s.skip() }); err == nil {
			t.Errorf("%s: got no error", document)
		}
	}
}

func TestTooManyKeysAreRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"a":1`)
	for i := range 3000 {
		fmt.Fprintf(&b, `,"%s%d":1`, strings.Repeat("k", 4000), i)
	}
	b.WriteString(`}`)
	s := newScanner(strings.NewReader(b.String()))
	if err := s.object(func(string) error { return s.skip() }); err == nil ||
		!strings.Contains(err.Error(), "too many keys") {
		t.Errorf("got %v", err)
	}
}

func TestAFailingReaderIsNoSyntaxError(t *testing.T) {
	s := newScanner(io.MultiReader(strings.NewReader(`{"a":`), iotest.ErrReader(errors.New("broken"))))
	if err := s.skip(); err == nil || err.Error() != "broken" {
		t.Errorf("got %v, want the reader's error", err)
	}
}

func TestASCIIReadsThroughEscapes(t *testing.T) {
	s := newScanner(iotest.HalfReader(strings.NewReader(`"YQ\/+\u003d\n" `)))
	in, err := s.ascii()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(in)
	if string(got) != "YQ/+=\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := s.finish(); err != nil {
		t.Error(err)
	}
}
