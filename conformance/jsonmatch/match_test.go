package jsonmatch

import "testing"

func TestAPatternNamesWhatMustBeThere(t *testing.T) {
	for name, row := range map[string]struct {
		got, want string
		same      bool
	}{
		"equal":              {`{"a":1}`, `{"a":1}`, true},
		"more than wanted":   {`{"a":1,"b":2}`, `{"a":1}`, true},
		"member missing":     {`{"b":2}`, `{"a":1}`, false},
		"other value":        {`{"a":2}`, `{"a":1}`, false},
		"anything":           {`{"a":[2]}`, `{"a":"*"}`, true},
		"anything, not null": {`{"a":null}`, `{"a":"*"}`, false},
		"nothing there":      {`{}`, `{"a":null}`, true},
		"something there":    {`{"a":1}`, `{"a":null}`, false},
		"list in order":      {`[1,2,3]`, `[1,3]`, true},
		"list out of order":  {`[1,2,3]`, `[3,1]`, false},
		"empty list":         {`[1]`, `[]`, false},
		"object for list":    {`{}`, `[]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Text([]byte(row.got), []byte(row.want)); (err == nil) != row.same {
				t.Errorf("got %v, want a match: %t", err, row.same)
			}
		})
	}
}
