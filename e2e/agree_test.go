package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/awsapi"
	"entrepot/e2e/fakenpm"

	"github.com/google/go-cmp/cmp"
)

// statuses are the HTTP statuses of the errors that agreeing clients meet (service model, and AWS's common errors for the
// signature's). What is unavailable has a status that is not the model's; docs/decisions says why.
var statuses = map[string]int{
	"ValidationException":           http.StatusBadRequest,
	"ServiceQuotaExceededException": http.StatusPaymentRequired,
	"AccessDeniedException":         http.StatusForbidden,
	"InvalidSignatureException":     http.StatusForbidden,
	"ResourceNotFoundException":     http.StatusNotFound,
	"ConflictException":             http.StatusConflict,
	"InternalServerException":       http.StatusServiceUnavailable,
}

// agents are the clients that must agree, by the name that is part of what each of them makes. Names are equally long.
var agents = []string{"sdk", "bot", "cli"}

const administrator = "administrator"

// agreement is one server and its clients.
type agreement struct {
	*fixture
	clients map[string]agent
	began   time.Time // what the server dates later was made by one of the clients
}

func TestClientsAgree(t *testing.T) {
	for _, program := range []string{"aws", "python3", "boto3"} {
		if err := missing(program); err != nil {
			if everything() {
				t.Fatalf("needs %s: %v", program, err)
			}
			t.Skipf("needs %s: %v", program, err)
		}
	}
	a := &agreement{fixture: newFixture(t)}
	for _, p := range outside {
		a.must(a.registry.Add(p))
	}
	for _, number := range []string{"1.0.0", "1.1.0"} {
		status, _, err := a.fetch(t.Context(), a.tarballURL("my-repo", "@acme/hello", number))
		if err != nil || status != http.StatusOK {
			t.Fatalf("fetch @acme/hello %s: got status %d (%v)", number, status, err)
		}
	}
	if _, status, err := a.publish(t.Context(), published); err != nil || status >= 300 {
		t.Fatalf("publish %s: got status %d (%v)", published.Name, status, err)
	}
	a.restart("quotas-domains=100", "quotas-repositories=5", "quotas-package-groups=2", "quotas-direct-upstreams=2", "quotas-tags=3")
	a.clients = a.hire()
	// Times are told in milliseconds. What the rows make is younger by more than clocks are read apart.
	time.Sleep(10 * time.Millisecond)
	a.began = time.Now()
	t.Run("each in a domain of its own", func(t *testing.T) {
		for _, c := range chapters {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				a.tell(t, c)
			})
		}
	})
	a.restart("quotas-domains=1")
	a.registry.Fail(fakenpm.Faults["down"])
	t.Run(account.name, func(t *testing.T) { a.tell(t, account) })
}

// restart starts the server again with other settings.
func (a *agreement) restart(settings ...string) {
	a.t.Helper()
	a.must(a.signal())
	a.must(a.wait())
	a.instance = &instance{binary: a.binary, data: a.data, env: a.env, url: a.url}
	flags := []string{"--upstream", "npmjs=" + a.public.URL, "--set", "log-level=warn"}
	for _, s := range settings {
		flags = append(flags, "--set", s)
	}
	a.must(a.start(flags...))
}

// hire makes the clients, each with the keys of everybody who calls.
func (a *agreement) hire() map[string]agent {
	a.t.Helper()
	id, secret, err := a.key()
	a.must(err)
	wrong := strings.Repeat("x", len(secret))
	keys := map[string][2]string{
		administrator: {id, secret}, "a forger": {id, wrong}, "a stranger": {"AKIA" + strings.Repeat("A", 16), wrong},
	}
	home := a.t.TempDir()
	env := []string{
		"HOME=" + home, "PATH=" + os.Getenv("PATH"), "AWS_ENDPOINT_URL=" + a.url, "AWS_REGION=us-east-1",
		"AWS_DEFAULT_REGION=us-east-1", "AWS_CONFIG_FILE=" + filepath.Join(home, "none"), "AWS_EC2_METADATA_DISABLED=true",
		"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "none"), "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1", "NO_COLOR=1",
		"PYENV_VERSION=" + os.Getenv("PYENV_VERSION"),
	}
	return map[string]agent{
		"sdk": newGoSDK(a.url, keys), "bot": newBoto3(a.t, env, keys), "cli": &awsCLI{a.t.TempDir(), env, keys},
	}
}

// tell goes through a chapter. Every row is done by all clients before the next, so that each finds what the others find.
func (a *agreement) tell(t *testing.T, c chapter) {
	books := map[string]*book{}
	for _, name := range agents {
		books[name] = &book{vars: map[string]string{"domain": c.name + "-" + name}, numbers: map[string]string{}}
		for _, r := range c.setup {
			got, err := a.clients["sdk"].do(t.Context(), books[name].request(t, r))
			if err != nil || got.Refusal != nil {
				t.Fatalf("setup of %s: %s %s: got %+v (%v)", name, r.operation, r.input, got.Refusal, err)
			}
		}
	}
	for _, r := range c.rows {
		t.Run(r.operation+"/"+r.name, func(t *testing.T) {
			agents := agents
			if r.brief {
				agents = slices.DeleteFunc(slices.Clone(agents), func(name string) bool { return name == "cli" })
			}
			answers := make([]answer, len(agents))
			errs := make([]error, len(agents))
			requests := make([]request, len(agents))
			for i, name := range agents {
				requests[i] = books[name].request(t, r)
			}
			var all sync.WaitGroup
			for i, name := range agents {
				all.Go(func() { answers[i], errs[i] = a.clients[name].do(t.Context(), requests[i]) })
			}
			all.Wait()
			for i, name := range agents {
				if errs[i] != nil {
					t.Fatalf("%s: %v", name, errs[i])
				}
				if err := books[name].note(r, answers[i]); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				answers[i] = books[name].normal(answers[i], a.began)
			}
			documented := answers[slices.Index(agents, "bot")].Documented
			if err := r.judge(answers[0], documented); err != nil {
				t.Errorf("%s: %v", agents[0], err)
			}
			for i := 1; i < len(agents); i++ {
				if diff := disagreement(answers[0], answers[i]); diff != "" {
					t.Errorf("%s and %s disagree (-%[1]s +%[2]s):\n%s", agents[0], agents[i], diff)
				}
			}
		})
	}
}

// disagreement compares two normal answers; typed members only where both clients show them.
func disagreement(a, b answer) string {
	if a.Refusal != nil && b.Refusal != nil && b.Refusal.Members == nil {
		copied := *a.Refusal
		copied.Members = nil
		a.Refusal = &copied
	}
	a.Documented, b.Documented = nil, nil
	return cmp.Diff(a, b)
}

// judge says what is wrong with an answer by the row itself, or nothing.
func (r row) judge(got answer, documented []string) error {
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
		return matchText(text, []byte(r.want))
	}
	if got.Refusal == nil {
		return fmt.Errorf("got %v, want %s", got.Output, r.code)
	}
	is := got.Refusal
	kind, id, _ := strings.Cut(r.about, " ")
	want := map[string]string{}
	for name, value := range map[string]string{"reason": r.reason, "resourceType": kind, "resourceId": id} {
		if value != "" {
			want[name] = value
		}
	}
	switch {
	case is.Code != r.code || is.Status != statuses[r.code] || !strings.Contains(is.Message, r.says):
		return fmt.Errorf("got %s, %d, %q; want %s, %d, %q in it",
			is.Code, is.Status, is.Message, r.code, statuses[r.code], r.says)
	case !cmp.Equal(want, is.Members):
		return fmt.Errorf("got the members %v, want %v", is.Members, want)
	case !slices.Contains(documented, is.Code) && is.Code != forged: // which is AWS's, not the model's
		return fmt.Errorf("%s is documented for the errors %v, not for %s", r.operation, documented, is.Code)
	}
	return nil
}

// book is what a client has learnt in a chapter.
type book struct {
	vars    map[string]string // what ${NAME} stands for in inputs
	numbers map[string]string // values that differ from client to client, by the order they came in
}

func (b *book) request(t *testing.T, r row) request {
	t.Helper()
	text := os.Expand(r.input, func(name string) string {
		value, known := b.vars[name]
		if !known {
			t.Fatalf("%s: nothing is called ${%s} yet", r.name, name)
		}
		return value
	})
	made := request{Operation: r.operation, As: r.as, refused: r.code != ""}
	if made.As == "" {
		made.As = administrator
	}
	if err := json.Unmarshal([]byte(text), &made.Input); err != nil {
		t.Fatalf("%s: the input %s: %v", r.name, text, err)
	}
	return made
}

// note remembers what the row wants remembered: "NAME POINTER".
func (b *book) note(r row, got answer) error {
	if r.keep == "" {
		return nil
	}
	name, at, _ := strings.Cut(r.keep, " ")
	text, err := json.Marshal(got.Output)
	if err != nil {
		return err
	}
	b.vars[name], err = pointer(text, at)
	return err
}

// moment is a time as clients show it. Some cut off what others round, so equal ones may be a millisecond apart.
type moment struct{ time.Time }

// Equal is for cmp.
func (m moment) Equal(o moment) bool { return m.Sub(o.Time).Abs() <= 2*time.Millisecond }

var ownNames = regexp.MustCompile(`\b([a-z]+)-(` + strings.Join(agents, "|") + `)\b`)

// normal replaces what must differ: the client's name in names, the times of what clients made, and opaque values by
// their number, so that a value which comes again is still seen to be the same.
func (b *book) normal(a answer, start time.Time) answer {
	a.Output = b.value(a.Output, "", start)
	if a.Refusal != nil {
		normal := *a.Refusal
		normal.Message = ownNames.ReplaceAllString(normal.Message, "$1-any")
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

func (b *book) value(v any, at string, start time.Time) any {
	parts := strings.Split(at, ".")
	name := parts[len(parts)-1]
	switch v := v.(type) {
	case map[string]any:
		normal := map[string]any{}
		for key, value := range v {
			within := strings.TrimPrefix(name+"."+key, ".")
			normal[ownNames.ReplaceAllString(key, "$1-any")] = b.value(value, within, start)
		}
		return normal
	case []any:
		normal := []any{}
		for _, value := range v {
			normal = append(normal, b.value(value, at, start))
		}
		return normal
	}
	if slices.Contains(timed, name) {
		return momentOf(v, start)
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

// TestAgreementCoversTheAPI wants every operation in the table, with an answer and with an error.
func TestAgreementCoversTheAPI(t *testing.T) {
	answered, refused := map[string]bool{}, map[string]bool{}
	known := map[string]bool{}
	for _, c := range append(slices.Clone(chapters), account) {
		for _, r := range c.rows {
			known[r.operation] = true
			answered[r.operation] = answered[r.operation] || r.code == ""
			refused[r.operation] = refused[r.operation] || r.code != ""
		}
	}
	for _, o := range awsapi.Operations() {
		delete(known, o.Name)
		switch {
		case !answered[o.Name]:
			t.Errorf("no row has an answer of %s", o.Name)
		case !refused[o.Name]:
			t.Errorf("no row has an error of %s", o.Name)
		}
	}
	for name := range known {
		t.Errorf("there is no operation %s", name)
	}
}

// TestDisagreementIsSeen holds the comparison itself: what it must tell apart, and what it must not.
func TestDisagreementIsSeen(t *testing.T) {
	start := time.UnixMilli(1_700_000_000_500)
	said := func(code string, members map[string]string) answer {
		return answer{Refusal: &refusal{Code: code, Message: "no", Status: 400, Members: members}}
	}
	made := func(text string) (a answer) {
		if err := json.Unmarshal([]byte(text), &a.Output); err != nil {
			t.Fatal(err)
		}
		return a
	}
	for name, row := range map[string]struct {
		a, b answer
		same bool
	}{
		"equal":                 {made(`{"x":[1,"a"]}`), made(`{"x":[1,"a"]}`), true},
		"a member more":         {made(`{"x":1}`), made(`{"x":1,"y":2}`), false},
		"empty and absent":      {made(`{"x":[]}`), made(`{}`), false},
		"the client's own name": {made(`{"x":"tags-sdk/app"}`), made(`{"x":"tags-cli/app"}`), true},
		"another name":          {made(`{"x":"tags-sdk/app"}`), made(`{"x":"tags-cli/store"}`), false},
		"a time rounded": {made(`{"createdTime":1700000000.1234}`),
			made(`{"createdTime":"2023-11-14T22:13:20.124Z"}`), true},
		"another time": {made(`{"createdTime":1700000000.12}`),
			made(`{"createdTime":"2023-11-14T22:13:20.13Z"}`), false},
		"times after the start": {made(`{"createdTime":1700000001}`), made(`{"createdTime":1700000009}`), true},
		"a token for another":   {made(`{"nextToken":"p"}`), made(`{"nextToken":"q"}`), true},
		"a token for none":      {made(`{"nextToken":"p"}`), made(`{}`), false},
		"error and answer":      {said("ConflictException", nil), made(`{}`), false},
		"other code":            {said("ConflictException", nil), said("ValidationException", nil), false},
		"other member": {said("C", map[string]string{"a": "1"}),
			said("C", map[string]string{"a": "2"}), false},
		"members that are not seen": {said("C", map[string]string{"a": "1"}), said("C", nil), true},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := &book{numbers: map[string]string{}}, &book{numbers: map[string]string{}}
			diff := disagreement(first.normal(row.a, start), second.normal(row.b, start))
			if (diff == "") != row.same {
				t.Errorf("got the difference %q, want the same: %t", diff, row.same)
			}
		})
	}
}
