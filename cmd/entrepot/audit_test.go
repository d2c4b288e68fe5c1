package main

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/audit"
	"entrepot/awsapi"
	"entrepot/catalog"
	"entrepot/queryapi"
	"entrepot/trail"

	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// secretsIn finds what answers tell once.
var secretsIn = regexp.MustCompile(`entrepot_[A-Za-z0-9_-]{43}|<(?:SecretAccessKey|SessionToken)>([^<]+)<`)

// marked sends requests with a mark wherever a client may put something, and gathers the secrets that are answered.
type marked struct {
	*matrix
	secrets map[string]bool
}

const mark = "canary5f2c8f0a"

func (m *marked) send(t *testing.T, r *http.Request) {
	t.Helper()
	r.Header.Set("X-Marked", mark)
	r.Header.Set("Cookie", "session="+mark)
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
	for _, found := range secretsIn.FindAllStringSubmatch(string(body), -1) {
		if found[1] != "" {
			m.secrets[found[1]] = true
		} else {
			m.secrets[found[0]] = true
		}
	}
}

// sign signs a request for a service as a caller.
func (m *marked) sign(t *testing.T, r *http.Request, c *matrixCaller, service, body string) *http.Request {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	region := m.config.Region
	if err := signer.NewSigner().SignHTTP(t.Context(), c.key, r, hex.EncodeToString(sum[:]), service, region, time.Now()); err != nil {
		t.Fatal(err)
	}
	return r
}

// queried calls every action of a service that takes forms, what makes things before what takes them away.
func (m *marked) queried(t *testing.T, c *matrixCaller, name string, service *queryapi.Service) {
	t.Helper()
	const open = `{"Version":"2012-10-17","Statement":[{"Sid":"` + mark + `","Effect":"Allow","Action":"*","Resource":"*"}]}`
	trust := `{"Version":"2012-10-17","Statement":[{"Sid":"` + mark + `","Effect":"Allow","Principal":{"AWS":"` + homeAccount + `"},"Action":"sts:AssumeRole"}]}`
	own := "arn:aws:iam::" + homeAccount + ":"
	form := url.Values{"Version": {service.Version}, "UserName": {"carol"}, "GroupName": {"group"}, "RoleName": {"role"}, "PolicyName": {"policy"},
		"Name": {"bob"}, "PolicyDocument": {open}, "AssumeRolePolicyDocument": {trust}, "PolicyArn": {own + "policy/policy"}, "RoleArn": {own + "role/role"},
		"RoleSessionName": {"session"}, "WebIdentityToken": {mark + "." + mark + "." + mark}, "Url": {"https://issuer.example.test"},
		"ClientIDList.member.1": {"client"}, "ClientID": {"client"}, "Tags.member.1.Key": {"k"}, "Tags.member.1.Value": {"v"}, "TagKeys.member.1": {"k"},
		"AccountAlias": {"home"}, "PermissionsBoundary": {own + "policy/policy"}, "Password": {mark}, "AccessKeyId": {"AKIANONE"}, "Status": {"Inactive"},
		"VersionId": {"v1"}, "PolicySourceArn": {own + "user/carol"}, "ActionNames.member.1": {"iam:GetUser"}, "Policy": {open}}
	order := []string{"Create", "Put", "Attach", "Add", "Assume", "Get", "List", "Simulate", "Tag", "Set", "Update", "Untag", "Detach", "Remove", "Delete", ""}
	rank := func(action string) int {
		return slices.IndexFunc(order, func(verb string) bool { return strings.HasPrefix(action, verb) })
	}
	actions := slices.SortedFunc(maps.Keys(service.Actions), func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, action := range actions {
		form.Set("Action", action)
		r := request(t, http.MethodPost, "/", form.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		m.send(t, m.sign(t, r, c, name, form.Encode()))
	}
}

// everything makes every request that there is as a caller.
func (m *marked) everything(t *testing.T, c *matrixCaller) {
	t.Helper()
	for _, op := range awsapi.Operations() {
		row := matrixOperations[op.Name]
		if op.Name == "DeleteDomain" {
			continue // the other requests are about it
		}
		r := request(t, op.Method, op.Path+row.query, row.body)
		m.signAs(t, r, c, row.body)
		m.send(t, r)
	}
	for _, row := range matrixOwn {
		r := request(t, http.MethodPost, row.path+row.query, "")
		m.signAs(t, r, c, "")
		m.send(t, r)
	}
	for _, f := range formats() {
		for _, row := range matrixRoutes(t, f) {
			r := m.below(t, c, f.Name, "r1", row.methods()[0], row)
			r.Header.Set("User-Agent", "client with "+c.token)
			m.send(t, r)
		}
	}
	// npm asks so for a token to be revoked, and somebody puts one in an address.
	for _, path := range []string{"/-/user/token/" + c.token, "/" + c.token, "/-/user/token/" + mark} {
		for _, method := range []string{http.MethodDelete, http.MethodPut, http.MethodGet} {
			m.send(t, m.below(t, c, "npm", "r1", method, matrixRoute{matrixRequest: matrixRequest{path: path, body: []byte(`{"name":"x"}`)}}))
		}
	}
	m.queried(t, c, "iam", queryapi.IAM(nil))
	m.queried(t, c, "sts", queryapi.STS(nil))
	for service, row := range matrixServices {
		for _, operation := range row.OperationNames() {
			r := request(t, http.MethodPost, "/", row.body)
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			r.Header.Set("X-Amz-Target", row.Target+"."+operation)
			m.send(t, m.sign(t, r, c, service, row.body))
		}
	}
}

// Whatever is asked, of whom and by whom, no secret of it is on record, and none in an export.
func TestNoSecretIsOnRecord(t *testing.T) {
	m := &marked{openMatrix(t), map[string]bool{mark: true}}
	m.befriend(t, true)
	for _, name := range []string{"without any policy", befriended, "administrator"} {
		c := m.callers[slices.IndexFunc(m.callers, func(c *matrixCaller) bool { return c.name == name })]
		m.everything(t, c)
		m.secrets[c.key.SecretAccessKey], m.secrets[c.token] = true, true
	}
	if len(m.secrets) < 12 {
		t.Errorf("only %d secrets were gathered", len(m.secrets))
	}
	m.behind.Flush(t.Context())
	var raw bytes.Buffer
	err := m.catalog.Read(t.Context(), func(r catalog.Reader) error {
		for after := int64(0); ; {
			events, err := r.Events(after, 1000)
			if err != nil || len(events) == 0 {
				return err
			}
			for _, e := range events {
				after = e.Sequence
				raw.WriteString(e.Resource + string(e.Detail) + string(e.Call) + "\n")
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	exported := exportedBy(t, m.app, names)
	for secret := range m.secrets {
		for where, text := range map[string]string{"record": raw.String(), "export": exported} {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s is in the %s: …%s…", secret, where, text[max(0, at-200):min(len(text), at+80)])
			}
		}
	}
	for _, name := range []string{"CreateDomain", "PublishPackageVersion", "GetAuthorizationToken", "PutRepositoryPermissionsPolicy", "CreateAccessKey",
		"CreateRole", "AssumeRole", "GetFederationToken", "PutUserPolicy", "CreateKey", "CreateOrganization", "ReadFromRepository", "LookupEvents",
		"ListUsers", "RevokeTokens"} {
		if !names[name] {
			t.Errorf("there is no event %s on record", name)
		}
	}
	t.Logf("%d secrets, %d kinds of event, %d bytes of export", len(m.secrets), len(names), len(exported))
}

// exportedBy exports the record of a server and returns all of it, with the names of its events.
func exportedBy(t *testing.T, a *app, names map[string]bool) string {
	t.Helper()
	later := func() time.Time { return time.Now().Add(2 * time.Hour) }
	folder, key := t.TempDir(), auditKey(a.stores.Derive)
	x := trail.NewExporter(trail.New(trail.Options{Catalog: a.catalog, Region: a.config.Region, Now: later}), folder, time.Hour, key)
	if err := x.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	v, err := audit.Verify(os.DirFS(folder), key.Public().(ed25519.PublicKey), time.Time{}, time.Time{})
	if err != nil || len(v.Faults) > 0 || v.Records == 0 {
		t.Fatalf("got %+v, %v", v, err)
	}
	var all strings.Builder
	err = filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json.gz") {
			return err
		}
		file, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		packed, err := gzip.NewReader(bytes.NewReader(file))
		if err != nil {
			return err
		}
		text, err := io.ReadAll(packed)
		if err != nil {
			return err
		}
		all.Write(text)
		var document struct{ Records []trail.Record }
		if err := json.Unmarshal(text, &document); err != nil {
			return err
		}
		for _, r := range document.Records {
			names[r.EventName] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// What is to be exported stays on record until it is, whatever its age.
func TestWhatIsNotExportedIsNotRemoved(t *testing.T) {
	a := started(t, filepath.Join(t.TempDir(), "data"))
	defer a.stop(t)
	old := time.Now().Add(-200 * 24 * time.Hour)
	err := a.catalog.Write(t.Context(), func(w catalog.Writer) error {
		return w.Record(catalog.Event{Time: old, Kind: catalog.AuditEvent, Action: "iam:Old", Account: homeAccount})
	})
	if err != nil {
		t.Fatal(err)
	}
	there := func() bool {
		t.Helper()
		var found []catalog.Event
		err := a.catalog.Read(t.Context(), func(r catalog.Reader) (err error) {
			found, err = r.EventsOf(homeAccount, old, catalog.EventMark{Time: old.Add(time.Second)}, 10)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return len(found) > 0
	}
	later := func() time.Time { return time.Now().Add(2 * time.Hour) }
	x := trail.NewExporter(trail.New(trail.Options{Catalog: a.catalog, Now: later}), filepath.Join(t.TempDir(), "export"), time.Hour,
		auditKey(a.stores.Derive))
	for _, step := range []struct {
		name   string
		do     func() error
		stands bool
	}{
		{"an export that has not begun", func() error { return a.removeOld(x)(t.Context()) }, true},
		{"the export", func() error { return x.Run(t.Context()) }, true},
		{"an export that has come so far", func() error { return a.removeOld(x)(t.Context()) }, false},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if there() != step.stands {
			t.Fatalf("after %s: there is %v, want %v", step.name, !step.stands, step.stands)
		}
	}
}

func TestWithoutAnExportOldEventsGo(t *testing.T) {
	a := started(t, filepath.Join(t.TempDir(), "data"))
	defer a.stop(t)
	old := catalog.Event{Time: time.Now().Add(-91 * 24 * time.Hour), Kind: catalog.AuditEvent, Account: homeAccount}
	if err := a.catalog.Write(t.Context(), func(w catalog.Writer) error { return w.Record(old) }); err != nil {
		t.Fatal(err)
	}
	if a.exporter() != nil || len(a.exports(nil)) != 0 {
		t.Error("there is an export that nobody wants")
	}
	if err := a.removeOld(nil)(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := a.catalog.Read(t.Context(), func(r catalog.Reader) error {
		left, err := r.EventsOf(homeAccount, time.Time{}, catalog.EventMark{Time: old.Time.Add(time.Second)}, 10)
		if len(left) != 0 {
			t.Errorf("left %v", left)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAVerdictOnAnExportIsJSONAsAllOthersAre(t *testing.T) {
	began := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for name, row := range map[string]struct {
		verdict audit.Verdict
		want    string
	}{
		"whole": {audit.Verdict{Digests: 1, From: began, To: began.Add(time.Hour)},
			`{"digests":1,"logs":0,"records":0,"from":"2026-11-29T12:00:00Z","to":"2026-11-29T13:00:00Z","faults":[]}`},
		"broken": {audit.Verdict{Digests: 1, Logs: 2, Records: 3, From: began, To: began.Add(time.Hour), Faults: []audit.Fault{{File: "f", Says: "is gone"}}},
			`{"digests":1,"logs":2,"records":3,"from":"2026-11-29T12:00:00Z","to":"2026-11-29T13:00:00Z","faults":[{"file":"f","says":"is gone"}]}`},
	} {
		var out, got bytes.Buffer
		err := verifyAuditCommand{JSON: true}.print(&out, row.verdict)
		if err == nil {
			err = json.Compact(&got, out.Bytes())
		}
		if err != nil || strings.TrimSpace(got.String()) != row.want {
			t.Errorf("%s: got %s, %v, want %s", name, got.String(), err, row.want)
		}
	}
}
