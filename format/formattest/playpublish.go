package formattest

import (
	"io"
	"net/http"
	"strings"
	"time"

	"entrepot/artifact"
)

func (p *play) publishing() {
	name := p.Name(0)
	first, second := p.release(name, 0), p.release(name, 1)
	p.lists(team, name)
	p.publish(team, first)
	p.lists(team, name, first.Version)
	p.installs(team, first)
	p.misses(team, second)
	p.publish(team, second)
	p.lists(team, name, first.Version, second.Version)
	p.installs(team, first)
	p.installs(team, second)
}

// waiting publishes as clients do that wait to be told to go on, with a length and without: net/http closes their connection
// where a handler leaves a rest of the body. A format may close it on purpose.
func (p *play) waiting() {
	p.client.Transport.(*http.Transport).ExpectContinueTimeout = time.Hour
	name := p.Name(0)
	for n, length := range []bool{true, false} {
		for _, q := range p.Publish(p.t, p.release(name, n)) {
			var body io.Reader = strings.NewReader(q.Body)
			if !length {
				body = io.MultiReader(body)
			}
			r, err := http.NewRequestWithContext(p.t.Context(), q.Method, p.address+team+"/"+q.Path, body)
			if err != nil {
				p.t.Fatal(err)
			}
			for key, value := range q.Header {
				r.Header.Set(key, value)
			}
			r.Header.Set("Expect", "100-continue")
			answer, err := p.client.Do(r)
			if err != nil {
				p.t.Fatal(err)
			}
			answer.Body.Close()
			meant := http.Header{}
			if p.Format.Header != nil {
				p.Format.Header(meant, r)
			}
			if closes := meant.Get("Connection") == "close"; answer.StatusCode/100 != 2 || answer.Close != closes {
				p.t.Errorf("%s %s, length told %v: got %d, connection closed %v; want a success and %v", q.Method, q.Path, length,
					answer.StatusCode, answer.Close, closes)
			}
		}
	}
}

func (p *play) conflicting() {
	name := p.Name(0)
	r := p.release(name, 0)
	p.publish(team, r)
	changes := p.Changes()
	p.conflicts(team, p.Make(p.t, name, r.Version, []byte("another payload")))
	p.installs(team, r)
	p.publish(team, r)
	if n := p.Changes() - changes; n != 0 {
		p.t.Errorf("versions were changed %d times", n)
	}
}

func (p *play) withdrawing() {
	name := p.Name(0)
	r, stays := p.release(name, 0), p.release(name, 1)
	p.publish(team, r)
	p.publish(team, stays)
	for _, row := range []struct {
		status            artifact.Status
		listed, installed bool
	}{
		{artifact.Unlisted, false, true},
		{artifact.Archived, false, false},
		{artifact.Published, true, true},
		{artifact.Disposed, false, false},
	} {
		p.SetStatus(team, p.Key(name, r.Version), row.status)
		want := []string{stays.Version}
		if row.listed {
			want = append(want, r.Version)
		}
		p.lists(team, name, want...)
		if row.installed {
			p.installs(team, r)
		} else {
			p.misses(team, r)
		}
	}
	p.SetStatus(team, p.Key(name, stays.Version), artifact.Unlisted)
	p.lists(team, name)
	p.installs(team, stays)
}

func (p *play) discouraging() {
	name := p.Name(0)
	r, stays := p.release(name, 0), p.release(name, 1)
	p.publish(team, r)
	p.publish(team, stays)
	if got := p.ask(team, p.Discourage(name, r.Version)); got.status/100 != 2 {
		p.t.Fatalf("got %d %.500s, %v", got.status, got.body, got.err)
	}
	p.advisesAgainst(team, name, r.Version)
	p.installs(team, r)
}

func (p *play) strangers() {
	r := p.release(p.Name(0), 0)
	const reason = "The token has expired."
	h := Handler(p.Format, Refusing{p.Shelf(team, p.Format.Name), artifact.Errorf(artifact.Unauthenticated, reason)})
	requests := append(p.Publish(p.t, r), p.Index(r.Name),
		Request{Method: http.MethodGet, Path: p.Path(r.Name, r.Version, r.Files[0].Asset)})
	for _, q := range requests {
		w := q.Do(h)
		if body := w.Body.String(); w.Code != http.StatusUnauthorized || !strings.Contains(body, reason) ||
			!strings.Contains(body, p.SignIn) {
			p.t.Errorf("%s %s: got %d %.500s, want 401, the reason and %q", q.Method, q.Path, w.Code, body, p.SignIn)
		}
	}
}

func (p *play) spellings() {
	name := p.Name(0)
	r := p.release(name, 0)
	p.publish(team, r)
	for _, spelling := range p.Spellings(name) {
		p.lists(team, spelling, r.Version)
		p.installs(team, Release{Name: spelling, Version: r.Version, Files: r.Files})
		p.conflicts(team, p.Make(p.t, spelling, r.Version, []byte("another payload")))
	}
	if n := p.Published(); n != 1 {
		p.t.Errorf("%d versions came into being, want one", n)
	}
}
