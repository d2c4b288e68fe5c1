package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/e2e/fakenpm"
)

// told is what the test reads of an event.
type told struct {
	Source    string   `json:"source"`
	Resources []string `json:"resources"`
	Detail    struct {
		Name          string `json:"packageName"`
		Sequence      int64  `json:"sequenceNumber"`
		Deduplication string `json:"eventDeduplicationId"`
	} `json:"detail"`
}

// unreliable keeps the events that it takes, which is every second attempt; of those that it does not take it has read some.
type unreliable struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	dice   *rand.Rand
	failed map[string]int // times in a row, by event
	kept   []told
	asked  int
	refuse int
}

// mostFailures is how often in a row one event may fail, so that no chance has a test wait for minutes.
const mostFailures = 4

// newUnreliable serves one. read returns the event of a request, or why it is none; taken answers that it was taken.
func newUnreliable(t *testing.T, seed uint64, read func(r *http.Request, body []byte) ([]byte, error), taken string) *unreliable {
	u := &unreliable{t: t, dice: rand.New(rand.NewPCG(seed, 2)), failed: map[string]int{}}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the server was killed in the middle of it
		}
		event, err := read(r, body)
		var e told
		if err == nil {
			err = json.Unmarshal(event, &e)
		}
		if err != nil {
			t.Errorf("a request that is none: %v\n%s", err, body)
		}
		if !u.takes(e) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, taken) // to a server that may be killed meanwhile
	}))
	t.Cleanup(u.Close)
	return u
}

// takes keeps the event and reports whether the sender is told so.
func (u *unreliable) takes(e told) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked++
	id := e.Detail.Deduplication
	if u.dice.IntN(2) == 0 && u.failed[id] < mostFailures {
		u.failed[id]++
		u.refuse++
		if u.dice.IntN(4) == 0 {
			u.kept = append(u.kept, e) // it came, and the sender does not know
		}
		return false
	}
	u.failed[id] = 0
	u.kept = append(u.kept, e)
	return true
}

// has returns what was kept.
func (u *unreliable) has() []told {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.kept)
}

// wrong says what is amiss with events that somebody got: one that is missing or that nobody has recorded, or events of a
// package that came for the first time after later ones.
func wrong(got []told, recorded map[string]int64) (all []string) {
	seen := map[string]bool{}
	last := map[string]int64{}
	for _, e := range got {
		id := e.Detail.Deduplication
		if seen[id] {
			continue
		}
		seen[id] = true
		if recorded[e.Resources[0]+" "+fmt.Sprint(e.Detail.Sequence)] == 0 {
			all = append(all, fmt.Sprintf("event %d of %s was told and is not on record", e.Detail.Sequence, e.Resources[0]))
		}
		if e.Detail.Sequence <= last[e.Resources[0]] {
			all = append(all, fmt.Sprintf("event %d of %s came after %d", e.Detail.Sequence, e.Resources[0], last[e.Resources[0]]))
		}
		last[e.Resources[0]] = e.Detail.Sequence
	}
	if len(seen) < len(recorded) {
		all = append(all, fmt.Sprintf("%d events of %d came", len(seen), len(recorded)))
	}
	return all
}

// TestEveryChangeIsToldOnceInItsOrderOverFiftyKills kills a server fifty times while packages change, and has what it tells of
// them go to a webhook and a queue that fail half the time, and into a file. Once repeats are left out, each has every
// change that is on record, and those of each package in their order. ENTREPOT_KILLS and ENTREPOT_KILL_SEED are as in the other
// test that kills.
func TestEveryChangeIsToldOnceInItsOrderOverFiftyKills(t *testing.T) {
	t.Parallel()
	kills := int(min(setting(t, "ENTREPOT_KILLS", 50), 100000))
	seed := setting(t, "ENTREPOT_KILL_SEED", uint64(time.Now().UnixNano()))
	t.Logf("%d kills with ENTREPOT_KILL_SEED=%d", kills, seed)
	hook := newUnreliable(t, seed, signedEvent, "")
	queue := newUnreliable(t, seed+1, queuedEvent, `{"MessageId":"m"}`)
	folder := t.TempDir()
	lines, settings := filepath.Join(folder, "events.jsonl"), filepath.Join(folder, "entrepot.yaml")
	if err := os.WriteFile(settings, []byte(fmt.Sprintf(`events:
  targets:
    hook: {webhook: "%s/hook", secret: "open sesame"}
    queue: {sqs: "%s/123456789012/packages.fifo", access_key_id: AKIAEXAMPLEEXAMPLE00, secret_access_key: "k"}
    lines: {file: "%s"}
`, hook.URL, queue.URL, lines)), 0o600); err != nil {
		t.Fatal(err)
	}
	registry, err := fakenpm.New()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{newConnected(t, "npm", registry, "--config", settings), registry}
	for round := range kills {
		f.change(round, rand.New(rand.NewPCG(seed, uint64(round))))
		f.must(f.open())
	}
	f.must(f.signal())
	f.must(f.wait())
	recorded := recordedEvents(t, filepath.Join(f.data, "catalog.sqlite"))
	f.must(f.open())
	deadline := time.Now().Add(2 * time.Minute)
	for len(wrong(hook.has(), recorded))+len(wrong(queue.has(), recorded))+len(wrong(linesOf(t, lines), recorded)) > 0 && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	for name, got := range map[string][]told{"the webhook": hook.has(), "the queue": queue.has(), "the file": linesOf(t, lines)} {
		for _, what := range wrong(got, recorded) {
			t.Errorf("%s: %s; repeat with ENTREPOT_KILL_SEED=%d", name, what, seed)
		}
		t.Logf("%s got %d events, %d of them different", name, len(got), len(recorded))
	}
	if len(recorded) < 2*kills {
		t.Errorf("only %d changes were made", len(recorded))
	}
	t.Logf("the webhook refused %d of %d attempts, the queue %d of %d", hook.refuse, hook.asked, queue.refuse, queue.asked)
	f.must(f.signal())
	f.must(f.wait())
}

// change publishes, fetches, copies, archives and deletes until the server is killed in the midst of it.
func (f *fixture) change(round int, dice *rand.Rand) {
	until := time.Duration(20+dice.IntN(250)) * time.Millisecond
	var all sync.WaitGroup
	ctx := f.t.Context()
	f.must(f.registry.Add(fakenpm.Package{Name: fmt.Sprintf("public-%d", round), Version: "1.0.0"}))
	var done sync.WaitGroup
	done.Add(1) // something has to have happened
	once := sync.OnceFunc(done.Done)
	for i := range 3 {
		all.Go(func() {
			for n := range 8 {
				name := fmt.Sprintf("package-%d-%d", i, (round+n)%8) // of many, for those of one wait for each other
				version := fmt.Sprintf("%d.%d.%d", round+1, i, n)
				_, status, err := f.publish(ctx, fakenpm.Package{Name: name, Version: version})
				if err != nil {
					break // it was killed
				}
				once()
				if status/100 != 2 {
					f.t.Errorf("%s@%s: status %d", name, version, status)
					break
				}
				of := "?domain=" + domain + "&format=npm&package=" + name + "&repository=my-repo"
				for _, call := range [][2]string{
					{"/v1/package/versions/update_status" + of, `{"versions":["` + version + `"],"targetStatus":"Unlisted"}`},
					{"/v1/package/versions/dispose" + of, `{"versions":["` + version + `"]}`},
					{"/v1/package/versions/delete" + of, `{"versions":["` + version + `"]}`},
				}[:n%4] {
					if _, err := f.do(ctx, http.MethodPost, call[0], call[1]); err != nil {
						return
					}
				}
			}
		})
	}
	all.Go(func() {
		_, _, _ = f.fetch(ctx, f.tarballURL("my-repo", fmt.Sprintf("public-%d", round), "1.0.0")) // killed or not
	})
	time.Sleep(until)
	done.Wait()
	f.crash()
	all.Wait()
}

// signedEvent is what a webhook was sent, if the signature is right.
func signedEvent(r *http.Request, body []byte) ([]byte, error) {
	at, signature, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Entrepot-Signature"), "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte("open sesame"))
	mac.Write([]byte(at + "." + string(body)))
	if hex.EncodeToString(mac.Sum(nil)) != signature {
		return nil, fmt.Errorf("the signature %q is wrong", r.Header.Get("Entrepot-Signature"))
	}
	return body, nil
}

// queuedEvent is the body of a message that is sent to a queue with the attributes that a FIFO queue wants.
func queuedEvent(r *http.Request, body []byte) ([]byte, error) {
	var message struct {
		QueueURL      string `json:"QueueUrl"`
		Body          string `json:"MessageBody"`
		Group         string `json:"MessageGroupId"`
		Deduplication string `json:"MessageDeduplicationId"`
	}
	if err := json.Unmarshal(body, &message); err != nil {
		return nil, err
	}
	if r.Header.Get("X-Amz-Target") != "AmazonSQS.SendMessage" || message.Group == "" || message.Deduplication == "" ||
		!strings.Contains(r.Header.Get("Authorization"), "/us-east-1/sqs/aws4_request") {
		return nil, fmt.Errorf("that is no message for a FIFO queue: %v", r.Header)
	}
	return []byte(message.Body), nil
}

// linesOf are the events in a file of lines, all of which have to be whole.
func linesOf(t *testing.T, path string) (all []told) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole := text[:strings.LastIndexByte(string(text), '\n')+1] // a line may be on its way
	for line := range strings.Lines(string(whole)) {
		var e told
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in the line %q", err, line)
		}
		all = append(all, e)
	}
	return all
}

// recordedEvents are the changes that are on record in a catalog that nobody uses, by package and number.
func recordedEvents(t *testing.T, path string) map[string]int64 {
	t.Helper()
	store, err := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	recorded := map[string]int64{}
	err = store.Read(t.Context(), func(r catalog.Reader) error {
		for last := int64(0); ; {
			page, err := r.Events(last, catalog.MaxPage)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, e := range page {
				last = e.Sequence
				if e.Kind == catalog.VersionEvent {
					recorded[e.Resource+" "+fmt.Sprint(e.Sequence)] = e.Sequence
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return recorded
}
