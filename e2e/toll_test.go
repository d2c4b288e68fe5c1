package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// tollbooths stand in networks between clients and the server, and keep books of what passes: an account of what is used that
// owes nothing to the server's own.
type tollbooths struct {
	mu      sync.Mutex
	passed  books // all that passed
	settled books // what the server says of that, where a kill has cost some of it
	first   books // what the server had counted before
	began   time.Time
	opened  int
	log     []string // a line for each that passed
}

// books are sums by repository, and bytes by network.
type books struct {
	requests, sent map[string]int64
	networks       map[string]int64
}

func newBooks() books {
	return books{map[string]int64{}, map[string]int64{}, map[string]int64{}}
}

func (b books) clone() books {
	return books{maps.Clone(b.requests), maps.Clone(b.sent), maps.Clone(b.networks)}
}

// columns are what a repository or a network has, in words that can be compared.
func (b books) columns() map[string]int64 {
	all := map[string]int64{}
	for of, n := range b.requests {
		all["requests of "+of] = n
	}
	for of, n := range b.sent {
		all["bytes of "+of] = n
	}
	for of, n := range b.networks {
		all["bytes to "+of] = n
	}
	return all
}

// toll is: open VARIABLE ADDRESS (a booth in front of the server, for clients at that address; the variable is its host and port),
// start (what was counted so far is none of ours), compare (the server counts as the booths do), kill (what a killed server had
// not written down may be missing; from here on it is).
func toll(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if s.toll == nil {
		s.toll = &tollbooths{passed: newBooks()}
	}
	switch args[0] {
	case "open":
		// Each has an address of its own: by it the server knows to where documents that are asked for there point.
		s.toll.opened++
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:0", s.toll.opened+1))
		ts.Check(err)
		booth := httptest.NewUnstartedServer(s.toll.booth(s, args[2]))
		_ = booth.Listener.Close()
		booth.Listener = listener
		booth.Start()
		ts.Defer(func() {
			booth.CloseClientConnections()
			booth.Close()
		})
		ts.Setenv(args[1], strings.TrimPrefix(booth.URL, "http://"))
	case "start":
		s.toll.mu.Lock()
		s.toll.passed = newBooks()
		s.toll.mu.Unlock()
		s.toll.began = time.Now().UTC()
		first, err := s.counted(s.toll.began)
		ts.Check(err)
		s.toll.first, s.toll.settled = first, newBooks()
	case "compare", "kill":
		ts.Check(s.toll.compare(s, args[0] == "kill"))
	default:
		ts.Fatalf("no such toll: %s", args[0])
	}
}

// booth passes requests on as a trusted proxy does, and writes down what comes back.
func (t *tollbooths) booth(s *session, address string) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			server, err := url.Parse(s.instance.url)
			if err == nil {
				r.SetURL(server)
			}
			r.Out.Host = r.In.Host // clients are sent back to where they asked, and it is what they have signed
			r.Out.Header.Set("X-Forwarded-For", address)
		},
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		FlushInterval: -1,
		ModifyResponse: func(resp *http.Response) error {
			of, free := passage(resp)
			t.mu.Lock()
			t.log = append(t.log, fmt.Sprintf("%s %s %d, free %v", resp.Request.Method, resp.Request.URL.Path, resp.StatusCode, free))
			t.mu.Unlock()
			if free {
				return nil
			}
			resp.Body = &counted{ReadCloser: resp.Body, done: func(bytes int64) {
				t.mu.Lock()
				defer t.mu.Unlock()
				t.passed.requests[of]++
				t.passed.sent[of] += bytes
				if bytes > 0 {
					t.passed.networks[networkOf[address]] += bytes
				}
			}}
			return nil
		},
	}
}

// networkOf is where the session's clients are.
var networkOf = map[string]string{"10.1.1.1": "us-east-1", "10.9.1.1": "eu-west-1", "198.51.100.7": "internet"}

// passage says what a request was about, and whether it is free: what the server could not do, and what it did for nobody in
// particular.
func passage(resp *http.Response) (of string, free bool) {
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusTooManyRequests:
		return "", true
	}
	path, q := resp.Request.URL.Path, resp.Request.URL.Query()
	free = resp.StatusCode >= 500 || strings.HasPrefix(path, "/v1/entrepot/") || path == "/"
	if !strings.HasPrefix(path, "/v1/") {
		part := strings.Split(path, "/") // /DOMAIN-OWNER/FORMAT/REPOSITORY/…
		if len(part) < 4 {
			return "", true
		}
		return part[1][:len(part[1])-len("-123456789012")] + "/" + part[3], free
	}
	switch in := q.Get("domain"); {
	case in == "":
		return "(no domain)", free
	case q.Has("destination-repository"):
		return in + "/" + q.Get("destination-repository"), free
	case q.Has("repository"):
		return in + "/" + q.Get("repository"), free
	default:
		return in, free
	}
}

// counted counts the bytes of a body until it ends.
type counted struct {
	io.ReadCloser
	bytes int64
	done  func(int64)
	once  sync.Once
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.bytes += int64(n)
	if err != nil {
		c.once.Do(func() { c.done(c.bytes) })
	}
	return n, err
}

func (c *counted) Close() error {
	c.once.Do(func() { c.done(c.bytes) })
	return c.ReadCloser.Close()
}

// counted asks the server for what it has counted since a time: in all months since.
func (s *session) counted(since time.Time) (books, error) {
	sums := newBooks()
	for month := time.Date(since.Year(), since.Month(), 1, 0, 0, 0, 0, time.UTC); !month.After(time.Now()); month = month.AddDate(0, 1, 0) {
		status, answer, err := s.instance.api(context.Background(), http.MethodPost, "/v1/entrepot/usage?by=repository&month="+month.Format("2006-01"), nil)
		if err != nil || status != http.StatusOK {
			return sums, fmt.Errorf("ask for what was used: %d %s %w", status, answer, err)
		}
		var report struct {
			Lines []struct {
				Dimension, Network string
				Quantity           int64
			}
			Groups []struct {
				Name                         string
				Reads, Writes, TransferBytes int64
			}
		}
		if err := json.Unmarshal(answer, &report); err != nil {
			return sums, err
		}
		for _, g := range report.Groups {
			sums.requests[g.Name] += g.Reads + g.Writes
			sums.sent[g.Name] += g.TransferBytes
		}
		for _, l := range report.Lines {
			if l.Dimension == "transfer" {
				sums.networks[l.Network] += l.Quantity
			}
		}
	}
	return sums, nil
}

// compare wants the server's count to become that of the books. After a kill it may be any between what was settled before and what
// has passed, and is settled as it is.
func (t *tollbooths) compare(s *session, killed bool) error {
	const patience = 10 * time.Second // a request is counted a moment after its answer has gone out
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		got, err := s.counted(t.began)
		if err != nil {
			return err
		}
		wrong := t.differences(got, killed)
		if len(wrong) == 0 {
			t.settle(got)
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("what is counted is not what passed:\n%s\nwhat passed:\n%s", strings.Join(wrong, "\n"), strings.Join(t.log, "\n"))
		}
	}
}

// differences lists where the server's count is not the one of the books.
func (t *tollbooths) differences(got books, killed bool) (wrong []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first, passed, settled, now := t.first.columns(), t.passed.columns(), t.settled.columns(), got.columns()
	all := maps.Clone(passed)
	maps.Copy(all, now)
	for _, what := range slices.Sorted(maps.Keys(all)) {
		n := now[what] - first[what]
		if most := passed[what]; n != most && (!killed || n < settled[what] || n > most) {
			wrong = append(wrong, fmt.Sprintf("%s: got %d, want %d (at the last look %d)", what, n, most, settled[what]))
		}
	}
	return wrong
}

// settle takes the server's count for what has passed.
func (t *tollbooths) settle(got books) {
	t.mu.Lock()
	defer t.mu.Unlock()
	less := func(all, first map[string]int64) map[string]int64 {
		rest := maps.Clone(all)
		for of, n := range first {
			rest[of] -= n
		}
		return rest
	}
	t.settled = books{less(got.requests, t.first.requests), less(got.sent, t.first.sent), less(got.networks, t.first.networks)}
	t.passed = t.settled.clone()
}
