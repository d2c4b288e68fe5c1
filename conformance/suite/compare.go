package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"entrepot/conformance/jsonmatch"

	"github.com/google/go-cmp/cmp"
)

// disagreement compares two normal answers; typed members only where both clients show them.
func disagreement(a, b Answer) string {
	if a.Refusal != nil && b.Refusal != nil && (a.Refusal.Members == nil || b.Refusal.Members == nil) {
		first, second := *a.Refusal, *b.Refusal
		first.Members, second.Members = nil, nil
		a.Refusal, b.Refusal = &first, &second
	}
	a.Header, b.Header, a.Body, b.Body = nil, nil, "", ""
	return cmp.Diff(a, b)
}

// judge says what is wrong with a normal answer by the row itself, or nothing.
func (b *book) judge(r row, got Answer) error {
	if r.code == "" {
		if got.Refusal != nil {
			return fmt.Errorf("got %+v, want an answer", *got.Refusal)
		}
		if r.want == "" {
			return nil
		}
		text, err := json.Marshal(got.Output)
		if err != nil {
			return err
		}
		want, err := b.expand(r.want)
		if err != nil {
			return err
		}
		return jsonmatch.Text(text, []byte(want))
	}
	is := got.Refusal
	if is == nil {
		return fmt.Errorf("got %v, want %s", got.Output, r.code)
	}
	about, err := b.expand(r.about)
	if err != nil {
		return err
	}
	says, err := b.expand(r.says)
	if err != nil {
		return err
	}
	switch {
	case is.Code != r.code:
		return fmt.Errorf("got %s, %q; want %s", is.Code, is.Message, r.code)
	case r.code == forged:
		return nil
	case !slices.Contains(model.Operations[r.operation].Errors, is.Code):
		return fmt.Errorf("%s is not documented for %s", is.Code, r.operation)
	case !b.strict:
		return nil
	}
	kind, id, _ := strings.Cut(about, " ")
	want := map[string]string{}
	for name, value := range map[string]string{"reason": r.reason, "resourceType": kind, "resourceId": id} {
		if value != "" {
			want[name] = value
		}
	}
	switch {
	case !strings.Contains(is.Message, says):
		return fmt.Errorf("got %q, want %q in it", is.Message, says)
	case is.Members != nil && !maps.Equal(want, is.Members):
		return fmt.Errorf("got the members %v, want %v", is.Members, want)
	}
	return nil
}

// book is what a client has learnt in a chapter.
type book struct {
	vars    map[string]string // what ${NAME} stands for
	numbers map[string]string // values that differ from client to client, by the order they came in
	began   time.Time         // what is dated later was made by one of the clients
	strict  bool              // words and members of errors are judged too
}

func (b *book) expand(text string) (string, error) {
	var missing []string
	expanded := os.Expand(text, func(name string) string {
		value, known := b.vars[name]
		if !known {
			missing = append(missing, name)
		}
		return value
	})
	if missing != nil {
		return "", fmt.Errorf("nothing is called %v yet", missing)
	}
	return expanded, nil
}

func (b *book) request(r row) (Request, error) {
	text, err := b.expand(r.input)
	if err != nil {
		return Request{}, err
	}
	made := Request{Operation: r.operation, As: or(r.as, administrator), refused: r.code != ""}
	if err := json.Unmarshal([]byte(text), &made.Input); err != nil {
		return Request{}, fmt.Errorf("the input %s: %w", text, err)
	}
	return made, nil
}

// note remembers what the row wants remembered: "NAME POINTER".
func (b *book) note(r row, got Answer) error {
	if r.keep == "" {
		return nil
	}
	name, at, _ := strings.Cut(r.keep, " ")
	text, err := json.Marshal(got.Output)
	if err != nil {
		return err
	}
	b.vars[name], err = jsonmatch.Pointer(text, at)
	return err
}

// moment is a time as clients show it. Some cut off what others round, so equal ones may be a millisecond apart.
type moment struct{ time.Time }

// Equal is for cmp.
func (m moment) Equal(o moment) bool { return m.Sub(o.Time).Abs() <= 2*time.Millisecond }

var ownNames = regexp.MustCompile(`\b(?:` + prefixed + `-)?([a-z]+)-(?:own|sdk|bot|cli)\b`)

// normal replaces what must differ: the client's name in names, the times of what clients made, and opaque values by
// their number, so that a value which comes again is still seen to be the same.
func (b *book) normal(a Answer) Answer {
	a.Output = b.value(a.Output, "")
	if a.Refusal != nil {
		normal := *a.Refusal
		normal.Message = ownNames.ReplaceAllString(normal.Message, "$1-any")
		normal.Members = maps.Clone(normal.Members)
		for name, value := range normal.Members {
			normal.Members[name] = ownNames.ReplaceAllString(value, "$1-any")
		}
		a.Refusal = &normal
	}
	return a
}

var (
	timed  = []string{"createdTime", "publishedTime", "expiration"}
	opaque = []string{"nextToken", "authorizationToken", "policy.revision"}
)

func (b *book) value(v any, at string) any {
	parts := strings.Split(at, ".")
	name := parts[len(parts)-1]
	switch v := v.(type) {
	case map[string]any:
		normal := map[string]any{}
		for key, value := range v {
			within := strings.TrimPrefix(name+"."+key, ".")
			normal[ownNames.ReplaceAllString(key, "$1-any")] = b.value(value, within)
		}
		return normal
	case []any:
		normal := []any{}
		for _, value := range v {
			normal = append(normal, b.value(value, at))
		}
		return normal
	}
	if slices.Contains(timed, name) {
		return momentOf(v, b.began)
	}
	text, ok := v.(string)
	if !ok {
		return v
	}
	if slices.Contains(opaque, name) || slices.Contains(opaque, at) {
		if b.numbers[text] == "" {
			b.numbers[text] = fmt.Sprintf("%s %d", name, len(b.numbers)+1)
		}
		return b.numbers[text]
	}
	return ownNames.ReplaceAllString(text, "$1-any")
}

// momentOf reads a time as a number of seconds or as text. The value is kept when it is neither.
func momentOf(v any, start time.Time) any {
	var at time.Time
	switch v := v.(type) {
	case float64:
		at = time.UnixMilli(int64(v*1000 + 0.5))
	case string:
		parsed, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return v
		}
		at = parsed
	default:
		return v
	}
	switch {
	case at.After(start.Add(13 * time.Hour)):
		return "in another age"
	case at.After(start.Add(time.Hour)):
		return "hours after the start"
	case at.After(start):
		return "after the start"
	}
	return moment{at.UTC()}
}
