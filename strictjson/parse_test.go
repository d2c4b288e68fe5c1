package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

var loose = Rules{Size: 1 << 20, Depth: 16, Keys: 1000}

func TestAValueKnowsItsPlace(t *testing.T) {
	root, err := Parse([]byte(` {"a": [true, {"b": 1.50}], "c": null}`), loose)
	if err != nil {
		t.Fatal(err)
	}
	b := root.Members[0].Members[1].Members[0]
	if b.Name != "b" || b.Kind != Number || b.Text != "1.50" || b.Parent.Index != 2 || b.Parent.Parent.Name != "a" ||
		b.Parent.Parent.Parent != root || b.Offset != 24 {
		t.Errorf("got %+v in %+v", b, b.Parent)
	}
	if root.Member("c") != root.Members[1] || root.Member("C") != nil || root.Members[0].Member("a") != nil {
		t.Errorf("got %v, %v and %v", root.Member("c"), root.Member("C"), root.Members[0].Member("a"))
	}
	want := map[string]any{"a": []any{true, map[string]any{"b": json.Number("1.50")}}, "c": nil}
	if got := root.Plain(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAValueKnowsWhereItStands(t *testing.T) {
	document := ` { "a" : [ true ,{"b": 1.50} ,"\u0041\"" ],
		"c": {} }  `
	root, err := Parse([]byte(document), loose)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[*Value]string{
		root: strings.TrimSpace(document), root.Members[0]: `[ true ,{"b": 1.50} ,"\u0041\"" ]`,
		root.Members[0].Members[0]: "true", root.Members[0].Members[1]: `{"b": 1.50}`,
		root.Members[0].Members[1].Members[0]: "1.50", root.Members[0].Members[2]: `"\u0041\""`, root.Members[1]: "{}",
	} {
		if got := document[value.Begin:value.End]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWhatCouldBeReadInTwoWaysIsRefused(t *testing.T) {
	fold, unicode := loose, loose
	fold.Fold, unicode.Unicode = true, true
	for _, c := range []struct {
		name, document string
		rules          Rules
		problem        Problem
		at             string // key of the place
		offset         int64
	}{
		{"too large", `[1,2]`, Rules{Size: 4, Depth: 1}, TooLarge, "", 0},
		{"bytes that are no text", "{\"a\":\"\xff\"}", loose, NotUTF8, "", 0},
		{"nothing", ``, loose, Syntax, "", 0},
		{"cut short", `{"a":[1,`, loose, Syntax, "", 8},
		{"cut short before a value", `{"a":`, loose, Syntax, "a", 5},
		{"no comma", `{"a":1 "b":2}`, loose, Syntax, "", 7},
		{"a key that is no string", `{1:2}`, loose, Syntax, "", 1},
		{"a second document", `{}{}`, loose, Trailing, "", 3},
		{"text behind", `{} x`, loose, Trailing, "", 3},
		{"too deep", `[[[]]]`, Rules{Size: 9, Depth: 2}, TooDeep, "", 3},
		{"too many keys", `{"a":1,"b":2}`, Rules{Size: 99, Depth: 2, Keys: 1}, TooManyKeys, "", 10},
		{"a key twice", `{"a":1,"b":2,"a":3}`, loose, Duplicate, "a", 16},
		{"a key twice by an escape", `{"a":1,"\u0061":3}`, loose, Duplicate, "a", 15},
		{"a key twice inside", `{"x":{"a":1,"a":1}}`, loose, Duplicate, "a", 15},
		{"a key in two cases", `{"a":1,"A":3}`, fold, Duplicate, "A", 10},
		{"a key in two cases beyond ASCII", `{"\u017f":1,"S":3}`, fold, Duplicate, "S", 15},
		{"half a surrogate pair", `{"a":"\ud800"}`, unicode, NotUnicode, "a", 13},
		{"half a surrogate pair in a key", `{"\ud800":1}`, unicode, NotUnicode, "\uFFFD", 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.document), c.rules)
			wrong, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			at := ""
			if wrong.At != nil {
				at = wrong.At.Name
			}
			if wrong.Problem != c.problem || at != c.at || wrong.Offset != c.offset {
				t.Errorf("got %v at %q near %d, want %v at %q near %d", wrong, at, wrong.Offset, c.problem, c.at, c.offset)
			}
		})
	}
}

func TestWhatIsNotAskedForIsTaken(t *testing.T) {
	for _, document := range []string{`{"a":1,"A":2}`, `"\ud800"`, `"\uFFFD"`, ` [ ] `, `0`,
		strings.Repeat("[", 16) + strings.Repeat("]", 16)} {
		if _, err := Parse([]byte(document), loose); err != nil {
			t.Errorf("%s: got %v", document, err)
		}
	}
}

// FuzzParse holds Parse against encoding/json: it accepts nothing that encoding/json refuses, and reads the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":1,"b":[true,null,"x"]}`, `{"a":1,"a":2}`, `[] x`, `{"a":`, "\"\xff\"", `"\ud800"`,
		strings.Repeat("[", 40)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := Parse(doc, loose)
		if err != nil {
			return
		}
		d := json.NewDecoder(bytes.NewReader(doc))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if !reflect.DeepEqual(got.Plain(), want) {
			t.Fatalf("read %v, encoding/json reads %v", got.Plain(), want)
		}
		wantWhole(t, doc, got)
	})
}

// wantWhole wants each value of a document to stand where it says.
func wantWhole(t *testing.T, doc []byte, v *Value) {
	t.Helper()
	own, err := Parse(doc[v.Begin:v.End], loose)
	if err != nil || !reflect.DeepEqual(own.Plain(), v.Plain()) {
		t.Fatalf("%q stands where %v is said to stand: %v", doc[v.Begin:v.End], v.Plain(), err)
	}
	for _, m := range v.Members {
		wantWhole(t, doc, m)
	}
}
