package cargo

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
	"entrepot/iam"
	"entrepot/repository"
)

const base = formattest.Base + "cargo/" + shelf

func TestConfigTellsWhereThingsAre(t *testing.T) {
	s := newSite(t)
	if got, want := s.Get("config.json"), `{"dl":"`+base+`/api/v1/crates","api":"`+base+`","auth-required":true}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.by(formattest.Caller("eve"))
	s.refused(http.StatusForbidden, "ReadFromRepository", s.Do("GET", "config.json", ""))
}

func TestWhoReadsWithoutATokenNeedsNone(t *testing.T) {
	s := newSite(t)
	everybody := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"codeartifact:ReadFromRepository","Resource":"*"}]}`
	on := repository.Target{DomainKey: artifact.DomainKey{Owner: "123456789012", Name: "team"}, Repository: shelf}
	if _, err := s.Rules.PutPolicy(t.Context(), formattest.Caller("ada", "*"), on, everybody, ""); err != nil {
		t.Fatal(err)
	}
	s.by(iam.Caller{})
	if got := s.Get("config.json"); !strings.HasSuffix(got, `"auth-required":false}`) {
		t.Errorf("got %s", got)
	}
}

func TestAYankedVersionStaysInTheIndex(t *testing.T) {
	s := newSite(t)
	crate := s.publish("demo", "1.0.0")
	s.publish("demo", "1.1.0")
	yanked := func() map[string]any {
		all := map[string]any{}
		for _, line := range s.lines("de/mo/demo") {
			all[line["vers"].(string)] = line["yanked"]
		}
		return all
	}
	before := s.Do("GET", "de/mo/demo", "").Header().Get("Etag")
	if got := s.Must(200, s.Do("DELETE", "api/v1/crates/demo/1.0.0/yank", "")).Body.String(); got != `{"ok":true}` {
		t.Errorf("got %s, at which cargo would panic", got)
	}
	if got := yanked(); len(got) != 2 || got["1.0.0"] != true || got["1.1.0"] != false {
		t.Errorf("got %v", got)
	}
	if got := s.Get("api/v1/crates/demo/1.0.0/download"); got != string(crate) {
		t.Errorf("got %d bytes of the yanked version", len(got))
	}
	s.Must(200, s.Do("PUT", "api/v1/crates/demo/1.0.0/unyank", ""))
	if got := yanked(); got["1.0.0"] != false {
		t.Errorf("got %v", got)
	}
	s.Must(http.StatusNotModified, s.Do("GET", "de/mo/demo", "", "If-None-Match", before))
	s.refused(404, "", s.Do("DELETE", "api/v1/crates/demo/3.0.0/yank", ""))
	s.SetStatus(shelf, key("demo").At("1.1.0"), artifact.Archived)
	s.refused(409, "archived", s.Do("PUT", "api/v1/crates/demo/1.1.0/unyank", ""))
	s.by(formattest.Caller("reader", "ReadFromRepository", "PublishPackageVersion"))
	s.refused(403, "UpdatePackageVersionsStatus", s.Do("DELETE", "api/v1/crates/demo/1.0.0/yank", ""))
}

func TestSearchShowsTheNewestThatCargoWouldChoose(t *testing.T) {
	s := newSite(t)
	for _, number := range []string{"1.9.0", "1.10.0", "2.0.0", "3.0.0-rc.1"} {
		s.publish("Demo_Crate", number)
	}
	s.publish("demo-other", "0.1.0")
	s.publish("demo-gone", "0.1.0")
	s.SetStatus(shelf, key("demo_crate").At("2.0.0"), artifact.Unlisted)
	s.SetStatus(shelf, key("demo-gone").At("0.1.0"), artifact.Unlisted)
	var got searchAnswer
	if err := json.Unmarshal([]byte(s.Get("api/v1/crates?q=demo&per_page=10")), &got); err != nil {
		t.Fatal(err)
	}
	want := []foundCrate{{"demo-other", "0.1.0", "A crate."}, {"Demo_Crate", "1.10.0", "A crate."}}
	if len(got.Crates) != 2 || got.Crates[0] != want[0] || got.Crates[1] != want[1] || got.Meta.Total != 2 {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := s.Get("api/v1/crates?q=nothing"); got != `{"crates":[],"meta":{"total":0}}` {
		t.Errorf("got %s", got)
	}
	if got := s.Get("api/v1/crates?q=demo&per_page=1"); !strings.HasSuffix(got, `"meta":{"total":2}}`) && !strings.Contains(got, `"total":1`) {
		t.Errorf("got %s", got)
	}
	s.refused(400, "per_page", s.Do("GET", "api/v1/crates?per_page=-1", ""))
	s.refused(400, "at most 10 words", s.Do("GET", "api/v1/crates?q="+strings.Repeat("a+", maxTerms+1), ""))
	s.refused(400, "at most 100 bytes", s.Do("GET", "api/v1/crates?q="+strings.Repeat("a", maxTerm+1), ""))
}

func TestOwnersArePolicies(t *testing.T) {
	s := newSite(t)
	s.publish("demo", "1.0.0")
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		s.refused(http.StatusMethodNotAllowed, "put-repository-permissions-policy", s.Do(method, "api/v1/crates/demo/owners", `{"users":["a"]}`))
	}
}

func TestThePageForPeopleSaysHowToGetAToken(t *testing.T) {
	s := newSite(t)
	w := s.Must(200, s.Do("GET", "me", ""))
	if !strings.Contains(w.Body.String(), "entrepot login --tool cargo") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("got %s with %v", w.Body, w.Header())
	}
}
