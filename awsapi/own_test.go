package awsapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
)

// given is what accounts answer here, and what they were asked.
type given struct {
	t     *testing.T
	asked []string
}

func (g *given) Standing(_ context.Context, c iam.Caller, arn string) (iam.Caller, error) {
	if strings.HasSuffix(arn, "/secret") {
		return c, artifact.Errorf(artifact.Denied, "None of your business.")
	}
	return repositorytest.Caller(g.t, owner, "ann"), nil
}

func (g *given) Credentials(_ context.Context, _ iam.Caller, principal string, page catalog.Page) (catalog.Listing[accounts.Credential], error) {
	g.asked = append(g.asked, "list "+principal+" after "+page.After)
	return catalog.Listing[accounts.Credential]{Next: "t1", Items: []accounts.Credential{{ID: "ab", Principal: "arn:aws:iam::" + owner + ":user/ann",
		Domain: "acme", IssuedAt: moment, ExpiresAt: moment.Add(time.Hour)}}}, nil
}

func (g *given) Revoke(_ context.Context, _ iam.Caller, id string) (accounts.Revoked, error) {
	g.asked = append(g.asked, "revoke "+id)
	return accounts.Revoked{Tokens: 1}, nil
}

func (g *given) RevokeAll(_ context.Context, _ iam.Caller, principal string) (accounts.Revoked, error) {
	g.asked = append(g.asked, "revoke all of "+principal)
	return accounts.Revoked{Tokens: 2, Sessions: 1}, nil
}

func TestOperationsOfOurOwn(t *testing.T) {
	accountsAnswer := &given{t: t}
	s := begin(t, Options{Principals: accountsAnswer, Credentials: accountsAnswer})
	for _, name := range []string{"far", "team"} {
		s.rules.Repository(repositoryKey(name))
	}
	const allowed = `"permission":{"principal":"arn:aws:iam::111122223333:user/alice","action":"codeartifact:ReadFromRepository",` +
		`"resource":"arn:aws:codeartifact:us-east-1:111122223333:repository/acme/team","allowed":true,"reason":"allowed by identity-based policy",` +
		`"statement":{"position":1}}`
	const group = `"packageGroup":{"pattern":"/*","restrictions":[{"type":"EXTERNAL_UPSTREAM","mode":"ALLOW","closed":false},` +
		`{"type":"INTERNAL_UPSTREAM","mode":"ALLOW","closed":false},{"type":"PUBLISH","mode":"ALLOW","closed":false}]}`
	s.sends("POST "+ExplainPath+"?"+inVersion, "", `{`+allowed+`,`+group+`,"places":[{"repository":"team","depth":0,"says":"has-not"}],`+
		`"verdict":{"ending":"not-found","why":"Version 1.0.0 of lodash is neither in repository team nor in the 0 repositories upstream of it.",`+
		`"next":"Look at the spelling and at the search above; that a registry lacks something is believed for a minute."}}`)
	s.sends("POST "+ExplainPath+"?"+inRepo+"&action=codeartifact%3AReadFromRepository", "",
		`{`+allowed+`,"verdict":{"ending":"permitted","why":"The action is allowed."}}`)
	s.answers("POST "+ExplainPath+"?"+inRepo+"&principal=arn:aws:iam::111122223333:user/secret", "", http.StatusForbidden)
	_, _, answer := raw(t, s.base, "POST "+ExplainPath+"?"+inRepo+"&principal=arn:aws:iam::111122223333:user/ann", "")
	var e Explanation
	if err := json.Unmarshal(answer, &e); err != nil || e.Permission.Allowed || !strings.HasSuffix(e.Permission.Principal, "user/ann") ||
		!strings.HasPrefix(e.Verdict.Why, "User: "+e.Permission.Principal+" is not authorized") {
		t.Errorf("got %s (%v)", answer, err)
	}

	s.sends("POST "+RevokeTokensPath+"?id=ab", "", `{"tokens":1,"sessions":0}`)
	s.sends("POST "+RevokeTokensPath+"?all=true", "", `{"tokens":2,"sessions":1}`)
	var page TokenList
	_, _, answer = raw(t, s.base, "POST "+ListTokensPath, "")
	if err := json.Unmarshal(answer, &page); err != nil || len(page.Credentials) != 1 || page.NextToken == "" {
		t.Fatalf("got %s (%v)", answer, err)
	}
	s.answers("POST "+ListTokensPath+"?next-token="+page.NextToken, "", http.StatusOK)
	s.answers("POST "+ListTokensPath+"?principal=arn:aws:iam::111122223333:user/ann&next-token="+page.NextToken, "", http.StatusBadRequest)
	s.same("what accounts were asked", []string{"revoke ab", "revoke all of ", "list  after ", "list  after t1"}, accountsAnswer.asked)
}

func TestPrefetchTellsWhatThereIsOfAVersionAndWhatIsKept(t *testing.T) {
	s := beginIn(t, Options{}, "team")
	s.publish("&asset=tool.bin", hashOf("hello"), strings.NewReader("hello"))
	_, query, _ := strings.Cut(publishing, "?")
	const kept = `{"ending":"served","assets":[{"name":"tool.bin","size":5,"hashes":{"MD5":"5d41402abc4b2a76b9719d911017c592",` +
		`"SHA-1":"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",` +
		`"SHA-256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",` +
		`"SHA-512":"9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043"},` +
		`"kept":true}]}`
	s.sends("POST "+PrefetchPath+"?"+query, "", kept)
	s.sends("POST "+PrefetchPath+"?"+query+"&asset=tool.bin", "", kept)
	s.sends("POST "+PrefetchPath+"?"+query+"&asset=other.bin", "", `{"ending":"not-found","why":"Version '1' of the generic package 'n/p' in repository 'team' `+
		`has no asset 'other.bin'.","assets":[]}`)
	s.sends("POST "+PrefetchPath+"?"+inVersion, "", `{"ending":"not-found","why":"Version 1.0.0 of lodash is neither in repository team nor in `+
		`the 0 repositories upstream of it.","assets":[]}`)
	s.asks("POST "+PrefetchPath+"?"+inVersion, "", "ReadFromRepository", "repository/acme/team")
	s.asks("POST "+PrefetchPath+"?"+inVersion+"&asset=a", "", "ReadFromRepository", "repository/acme/team")
	for _, request := range []string{
		"?" + inRepo,
		"?" + inPackage,
		"?" + inRepo + "&format=npm&version=1.0.0",
		"?" + inRepo + "&package=lodash&version=1.0.0",
		"?" + inRepo + "&format=maven&package=lib&version=1.0.0",
		"?" + inVersion + "&asset=a%0Ab",
		"?" + inVersion + "&assets=a",
	} {
		s.answers("POST "+PrefetchPath+request, "", http.StatusBadRequest)
	}
}

func TestOperationsOfOurOwnRefuseWhatMakesNoSense(t *testing.T) {
	accountsAnswer := &given{t: t}
	s := begin(t, Options{Principals: accountsAnswer, Credentials: accountsAnswer})
	s.rules.Repository(repositoryKey("team"))
	for _, request := range []string{
		ExplainPath,
		ExplainPath + "?domain=acme",
		ExplainPath + "?" + inRepo + "&format=npm",
		ExplainPath + "?" + inRepo + "&package=lodash",
		ExplainPath + "?" + inRepo + "&version=1.0.0",
		ExplainPath + "?" + inPackage + "&asset=a",
		ExplainPath + "?" + inRepo + "&format=maven&package=lib",
		ExplainPath + "?" + inPackage + "&namespace=a/b",
		ExplainPath + "?" + inRepo + "&action=codeartifact:NoSuchThing",
		ExplainPath + "?" + inRepo + "&action=iam:GetUser",
		ExplainPath + "?" + inRepo + "&action=a%0Ab",
		RevokeTokensPath,
		RevokeTokensPath + "?all=false",
		RevokeTokensPath + "?id=ab&all=true",
		RevokeTokensPath + "?id=a/b",
		RevokeTokensPath + "?all=true&principle=arn:aws:iam::111122223333:user/ann",
		ListTokensPath + "?Principal=arn:aws:iam::111122223333:user/ann",
		ListTokensPath + "?max-results=0",
		ListTokensPath + "?next-token=xyz",
	} {
		s.answers("POST "+request, "", http.StatusBadRequest)
	}
	if len(accountsAnswer.asked) > 0 {
		t.Errorf("accounts were asked: %q", accountsAnswer.asked)
	}
}

// far are the other sides of remotes: of npm alone, and they say who signs in.
type far struct{}

func (far) Source(_ repository.Remote, f artifact.Format) (repository.Source, string) {
	if f != artifact.NPM {
		return nil, ""
	}
	return struct{ repository.Source }{}, ""
}

func (far) Forget(catalog.RemoteID) {}

func (far) Check(_ context.Context, r repository.Remote) (string, error) {
	c, err := repository.OpenCredential(plainly{}, r.Remote)
	return "It is " + c.Username + ".", err
}

// plainly seals nothing.
type plainly struct{}

func (plainly) Seal(plain, _ []byte) ([]byte, error)    { return plain, nil }
func (plainly) Unseal(sealed, _ []byte) ([]byte, error) { return sealed, nil }

func TestRemotesArePutListedCheckedAndDeleted(t *testing.T) {
	s := begin(t, Options{})
	s.rules.Repository(repositoryKey("team"))
	const at = "?domain=acme&name=central"
	for name, refused := range map[string]struct {
		request, body string
		status        int
	}{
		"no name":             {PutRemotePath + "?domain=acme", `{}`, 400},
		"a name that is none": {PutRemotePath + "?domain=acme&name=-", `{}`, 400},
		"no address":          {PutRemotePath + at, `{"format":"npm"}`, 400},
		"too long":            {PutRemotePath + at, `{"url":"https://registry.example.test/","format":"npm","freshnessSeconds":86401}`, 400},
		"no certificate":      {PutRemotePath + at, `{"url":"https://registry.example.test/","format":"npm","certificates":"x"}`, 400},
		"a parameter":         {PutRemotePath + at + "&url=x", `{}`, 400},
		"none to delete":      {DeleteRemotePath + at, ``, 404},
		"none to check":       {CheckRemotePath + at, ``, 404},
	} {
		t.Log(name)
		s.answers("POST "+refused.request, refused.body, refused.status)
	}
	const told = `{"name":"central","externalConnectionName":"remote:central","kind":"registry","url":"https://registry.example.test/",` +
		`"format":"npm","internal":true,"freshnessSeconds":60,"downloadHosts":["files.example.test"],"hasCredential":true,` +
		`"createdAt":"2020-10-12T20:51:18.039Z","updatedAt":"2020-10-12T20:51:18.039Z"}`
	s.sends("POST "+PutRemotePath+at, `{"url":"https://registry.example.test/","format":"npm","internal":true,"freshnessSeconds":60,`+
		`"downloadHosts":["files.example.test"],"credential":{"username":"ann","password":"hush"}}`, `{"remote":`+told+`}`)
	s.sends("POST "+ListRemotesPath+"?domain=acme", "", `{"remotes":[`+told+`]}`)
	s.sends("POST "+CheckRemotePath+at, "", `{"says":"It is ann."}`)
	s.answers("POST /v1/repository/external-connection?domain=acme&repository=team&external-connection=remote:central", "", 200)
	s.answers("POST "+DeleteRemotePath+at, "", 409)
	s.answers("DELETE /v1/repository/external-connection?domain=acme&repository=team&external-connection=remote:central", "", 200)
	s.sends("POST "+DeleteRemotePath+at, "", `{}`)
	s.sends("POST "+ListRemotesPath+"?domain=acme", "", `{"remotes":[]}`)
}
