package upstream

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
)

// Credential is what an upstream wants to see. A token is sent as a bearer; otherwise user and password are sent as
// basic; the zero value sends nothing.
type Credential struct {
	User     string
	Password artifact.Secret
	Token    artifact.Secret
}

// IsZero reports whether there is nothing to send.
func (c Credential) IsZero() bool { return c.User == "" && c.Password.IsZero() && c.Token.IsZero() }

func (c Credential) attach(r *http.Request) {
	switch {
	case !c.Token.IsZero():
		r.Header.Set("Authorization", "Bearer "+c.Token.Reveal())
	case !c.IsZero():
		r.SetBasicAuth(c.User, c.Password.Reveal())
	}
}

// authorize adds what the origin wants to see.
func (o Origin) authorize(ctx context.Context, r *http.Request) error {
	if o.Authorizer != nil {
		return o.Authorizer.Authorize(ctx, r)
	}
	o.Credential.attach(r)
	return nil
}

// Origin is where a connection leads.
type Origin struct {
	Name       string // the connection's setting: npmjs
	Base       *url.URL
	Credential Credential // sent to exactly Base's scheme, host and port
	// DownloadHosts are further hosts ("files.example.test" or "files.example.test:8443") that metadata and redirects
	// may point to, wherever they are. A host without a port stands for its scheme's default port.
	DownloadHosts []string
	// Authorizer, if there is one, comes in the place of Credential.
	Authorizer Authorizer
	// Remote has requests tell through which repositories they have come.
	Remote bool
	// Opaque has those repositories told in a form that only they themselves recognize.
	Opaque bool
	// Guarded has Base judged as if metadata had pointed there: it is not the operator who says that it may be anywhere.
	Guarded bool
	// Certificates, in PEM, are believed beside those that Options.TLS does, on behalf of this remote alone. ParseCertificates has
	// read them.
	Certificates string
	// Freshness comes in the place of Options.Freshness, and nothing older is answered while the origin answers; zero: the
	// options hold.
	Freshness time.Duration
}

// maxURL bounds every URL this room builds or follows, in bytes.
const maxURL = 8 << 10

// ParseOrigin reads the address of the connection with the given setting. Only http and https addresses with a host and
// without query or fragment are taken. A user and password in the address become the origin's credential, so that the
// address may be shown. The error is Invalid and never repeats the address, which may hold a secret.
func ParseOrigin(setting, address string) (Origin, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || len(address) > maxURL:
		return Origin{}, artifact.Errorf(artifact.Invalid, "The address of upstream %s is not a URL.", setting)
	case u.Scheme != "http" && u.Scheme != "https":
		return Origin{}, artifact.Errorf(artifact.Invalid,
			"The address of upstream %s must begin with http:// or https://.", setting)
	case u.Hostname() == "" || u.Opaque != "" || !validPort(u):
		return Origin{}, artifact.Errorf(artifact.Invalid, "The address of upstream %s names no valid host.", setting)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return Origin{}, artifact.Errorf(artifact.Invalid,
			"The address of upstream %s may have no query and no fragment.", setting)
	}
	origin := Origin{Name: setting, Base: u}
	if u.User != nil {
		password, _ := u.User.Password()
		origin.Credential = Credential{User: u.User.Username(), Password: artifact.NewSecret(password)}
		u.User = nil
	}
	return origin, nil
}

// Origins knows where each connection leads. The zero value knows none.
type Origins struct{ bySetting map[string]Origin }

// NewOrigins collects origins; of two with the same name the later one counts, so callers list detected ones first and
// configured ones after.
func NewOrigins(origins ...Origin) Origins {
	bySetting := make(map[string]Origin, len(origins))
	for _, o := range origins {
		bySetting[o.Name] = o
	}
	return Origins{bySetting}
}

// Lookup returns where the connection leads. The error is Unavailable: for a connection nobody gave an address it says
// what to set, for an unknown one which there are.
func (o Origins) Lookup(connection string) (Origin, error) {
	c, known := ConnectionNamed(connection)
	if !known {
		names := make([]string, len(connections))
		for i, c := range connections {
			names[i] = c.Name
		}
		return Origin{}, artifact.Errorf(artifact.Unavailable, "There is no external connection %.100q; there are %s.",
			connection, strings.Join(names, ", "))
	}
	origin, addressed := o.bySetting[c.Setting()]
	if !addressed || origin.Base == nil {
		return Origin{}, artifact.Errorf(artifact.Unavailable,
			"External connection %s has no address; set `upstreams: {%s: URL}` in the configuration, %s=URL in the "+
				"environment, or --upstream %s=URL.", connection, c.Setting(), c.Env(), c.Setting())
	}
	return origin, nil
}

// unavailable is an error about this upstream; the words follow its name.
func (o Origin) unavailable(words string, args ...any) *artifact.Error {
	return artifact.Errorf(artifact.Unavailable, "Upstream %s %s.", o.Name, fmt.Sprintf(words, args...))
}

// notFound says that this upstream does not have what was asked for.
func (o Origin) notFound() *artifact.Error {
	return artifact.Errorf(artifact.NotFound, "Upstream %s does not have it.", o.Name)
}

// below resolves an escaped relative path under the origin's base, keeping the base's own path and the escapes.
func (o Origin) below(path string) (*url.URL, error) {
	if err := checkRelative(path); err != nil {
		return nil, err
	}
	base := *o.Base
	base.RawQuery, base.Fragment, base.RawFragment = "", "", ""
	text := base.String()
	if path != "" {
		text = strings.TrimSuffix(text, "/") + "/" + path
	}
	u, err := url.Parse(text)
	if err != nil || len(text) > maxURL {
		return nil, artifact.Errorf(artifact.Invalid, "The upstream path %.200q cannot be part of a URL.", path).
			Causing(err)
	}
	return u, nil
}

// checkRelative refuses paths that could leave the base: the segments are judged as the server there may read them, which may
// take an escaped slash for one.
func checkRelative(path string) error {
	refuse := func(why string) error {
		return artifact.Errorf(artifact.Invalid, "The upstream path %.200q %s.", path, why)
	}
	if len(path) > maxURL {
		return refuse("is too long")
	}
	segments, _, _ := strings.Cut(path, "?")
	for i, segment := range strings.Split(segments, "/") {
		plain, err := url.PathUnescape(segment)
		switch {
		case err != nil:
			return refuse("is not properly escaped")
		case plain == "" && i == 0 && path != "":
			return refuse("is not relative")
		case slices.ContainsFunc(strings.Split(plain, "/"), func(part string) bool { return part == "." || part == ".." }):
			return refuse("has a dot segment")
		case strings.ContainsFunc(plain, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\\' }):
			return refuse("has a control character or a backslash")
		}
	}
	if strings.ContainsAny(path, "# \t\r\n") {
		return refuse("has a character that must be escaped")
	}
	return nil
}

// Owns reports whether u has exactly the origin's scheme, host and port.
func (o Origin) Owns(u *url.URL) bool {
	return u.Scheme == o.Base.Scheme && hostPort(u) == hostPort(o.Base)
}

// names reports whether the operator listed u's host for downloads.
func (o Origin) names(u *url.URL) bool {
	for _, host := range o.DownloadHosts {
		if listed := (&url.URL{Scheme: u.Scheme, Host: host}); hostPort(listed) == hostPort(u) {
			return true
		}
	}
	return false
}

// hostPort is the host in lower case with its port, the scheme's default where none is written.
func hostPort(u *url.URL) string {
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")) + ":" + portOf(u)
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return defaultPorts[u.Scheme]
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}
