package main

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/awsapi"
)

// Who asks for what he may not see pays for it, and does not learn from his bill whether it is there.
func TestABillDoesNotTellWhatThereIs(t *testing.T) {
	m := openMatrix(t)
	m.befriend(t, false)
	i := slices.IndexFunc(m.callers, func(c *matrixCaller) bool { return c.account == otherSide && c.name != befriended })
	stranger := m.callers[i]
	ask := func(path string) string {
		r := request(t, http.MethodPost, path, "")
		m.signAs(t, r, stranger, "")
		r.URL.Scheme, r.URL.Host = "http", m.listener.Listener.Addr().String()
		res, err := m.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	bill := func() string {
		return ask(awsapi.UsagePath+"?by=repository") + ask(awsapi.UsagePath+"?by=domain") + ask(awsapi.UsagePath+"?by=tag")
	}
	const listing = "/v1/packages?domain-owner=" + homeAccount
	for _, there := range []string{"&domain=d1&repository=r1", "&domain=d1&repository=nowhere", "&domain=nowhere&repository=r1"} {
		ask(listing + there)
	}
	if got, said := m.do(t, m.below(t, stranger, artifact.NPM, "r1", http.MethodGet, matrixRoute{matrixRequest: matrixRequest{path: "/there"}})); got != denied {
		t.Fatalf("got %s (%s), want the stranger denied", got, said)
	}
	said := bill()
	if !strings.Contains(said, "(no domain)") || strings.Contains(said, "d1") || strings.Contains(said, "nowhere") {
		t.Errorf("the bill tells what there is: %s", said)
	}
	m.befriend(t, true)
	ask(listing + "&domain=d1&repository=r1")
	if said := bill(); !strings.Contains(said, "d1/r1") {
		t.Errorf("the bill does not tell what a friend has read: %s", said)
	}
}
