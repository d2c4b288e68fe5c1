package jsonscan

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestValuesOfACompactValueAreLookedThrough(t *testing.T) {
	for _, row := range []struct {
		compact  string
		texts    bool
		elements []string
	}{
		{`{}`, true, nil},
		{`[]`, true, nil},
		{`{"a":"b","c\"":"d\\"}`, true, nil},
		{`{"a":"b","c":1}`, false, nil},
		{`{"a":{"b":"c"}}`, false, nil},
		{`["a","]"]`, true, []string{`"a"`, `"]"`}},
		{`[1,{"a":[2,"}"]},null,[],"x"]`, false, []string{`1`, `{"a":[2,"}"]}`, `null`, `[]`, `"x"`}},
	} {
		if got := OnlyTexts([]byte(row.compact)); got != row.texts {
			t.Errorf("%s: got only texts %v, want %v", row.compact, got, row.texts)
		}
		var got []string
		for element := range Elements([]byte(row.compact)) {
			got = append(got, string(element))
		}
		if len(got) != len(row.elements) {
			t.Fatalf("%s: got %q, want %q", row.compact, got, row.elements)
		}
		for i := range got {
			if got[i] != row.elements[i] {
				t.Errorf("%s: got %q, want %q", row.compact, got, row.elements)
			}
		}
	}
	for range Elements([]byte(`"text"`)) {
		t.Error("a text has no elements")
	}
}

// FuzzElements holds the elements of a list against encoding/json.
func FuzzElements(f *testing.F) {
	for _, seed := range []string{`[1,{"a":[2,"}"]},null,[],"x\\"]`, `{"a":"b"}`, `[[[]],{}]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		compact, err := Over(document).Raw(len(document))
		if err != nil || len(compact) == 0 {
			return
		}
		var want []json.RawMessage
		if json.Unmarshal(compact, &want) != nil {
			want = nil
		}
		texts := true
		n := 0
		for got := range Elements(compact) {
			if n == len(want) || !bytes.Equal(got, want[n]) {
				t.Fatalf("got %s as element %d of %s", got, n, compact)
			}
			texts = texts && got[0] == '"'
			n++
		}
		if n != len(want) {
			t.Fatalf("got %d elements of %s", n, compact)
		}
		if compact[0] == '{' {
			var all map[string]json.RawMessage
			if err := json.Unmarshal(compact, &all); err != nil {
				t.Fatal(err)
			}
			for _, value := range all {
				texts = texts && value[0] == '"'
			}
		}
		if (compact[0] == '[' || compact[0] == '{') && OnlyTexts(compact) != texts {
			t.Fatalf("got another answer than %v of %s", texts, compact)
		}
	})
}
