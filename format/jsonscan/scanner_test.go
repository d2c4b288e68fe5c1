package jsonscan

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
		for name, s := range map[string]*Scanner{
			"whole":  Over([]byte(document)),
			"stream": New(strings.NewReader(document)),
			"dribs":  New(iotest.OneByteReader(strings.NewReader(document))),
		} {
			got, err := s.Raw(1 << 20)
			if err == nil {
				err = s.Finish()
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
		s := New(strings.NewReader(document))
		_, err := s.Raw(1 << 20)
		if err == nil {
			err = s.Finish()
		}
		if _, ok := errors.AsType[*SyntaxError](err); !ok {
			t.Errorf("%.40q: got %v, want a syntax error", document, err)
		}
	}
}

func TestARegistrysInvalidUTF8IsMended(t *testing.T) {
	s := New(strings.NewReader("\"a\xffb\""))
	s.Mend = true
	if got, err := s.Text(100); got != "a\uFFFDb" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAValueOverTheLimitIsPassedOver(t *testing.T) {
	s := New(strings.NewReader(`["` + strings.Repeat("x", 1000) + `", 1]`))
	var second []byte
	n := 0
	err := s.Array(func() error {
		value, err := s.Raw(100)
		if n++; n == 1 {
			if err != ErrTooBig {
				t.Errorf("got %v, want ErrTooBig", err)
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
		s := New(strings.NewReader(document))
		if err := s.Object(func(string) error { return s.Skip() }); err == nil {
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
	s := New(strings.NewReader(b.String()))
	if err := s.Object(func(string) error { return s.Skip() }); err == nil ||
		!strings.Contains(err.Error(), "too many keys") {
		t.Errorf("got %v", err)
	}
}

func TestAFailingReaderIsNoSyntaxError(t *testing.T) {
	s := New(io.MultiReader(strings.NewReader(`{"a":`), iotest.ErrReader(errors.New("broken"))))
	if err := s.Skip(); err == nil || err.Error() != "broken" {
		t.Errorf("got %v, want the reader's error", err)
	}
}

func TestASCIIReadsThroughEscapes(t *testing.T) {
	s := New(iotest.HalfReader(strings.NewReader(`"YQ\/+\u003d\n" `)))
	in, err := s.ASCII()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(in)
	if string(got) != "YQ/+=\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := s.Finish(); err != nil {
		t.Error(err)
	}
}

func TestAnObjectIsSplitAndWrittenAgain(t *testing.T) {
	all, err := SplitOutside([]byte(`{ "b": "x\"y", "a": [1, 2] }`))
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := all.Text("b"); text != `x"y` || !ok {
		t.Errorf("got %q, %v", text, ok)
	}
	if _, ok := all.Text("a"); ok || all.Find("c") != nil {
		t.Error("a list was read as a text, or a member found that is not there")
	}
	all = append(all, Member{"ä", Quoted("\n")})
	if got := string(all.Append(nil)); got != `{"b":"x\"y","a":[1,2],"ä":"\n"}` {
		t.Errorf("got %s", got)
	}
}

// FuzzRaw holds Raw against encoding/json: what it takes is JSON, and it gives what json.Compact gives.
func FuzzRaw(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":null}],"c":"d"}`, ` "\u00e4" `, `-1.5e+10`, `[ 1 ,2]`, `{}x`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		for _, s := range []*Scanner{Over(document), New(iotest.OneByteReader(bytes.NewReader(document)))} {
			got, err := s.Raw(len(document))
			if err == nil {
				err = s.Finish()
			}
			if err != nil {
				continue
			}
			var want bytes.Buffer
			if err := json.Compact(&want, document); err != nil || !bytes.Equal(got, want.Bytes()) {
				t.Fatalf("got %s, want %s, %v", got, want.Bytes(), err)
			}
		}
	})
}
