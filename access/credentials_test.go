package access

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/artifact"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestCredential(t *testing.T) {
	const nuget = "X-Nuget-Apikey"
	rows := []struct {
		name   string
		header http.Header
		want   string // empty: refused
	}{
		{"npm", http.Header{"Authorization": {"Bearer T0k.en"}}, "T0k.en"},
		{"scheme in lower case", http.Header{"Authorization": {"bearer T0ken"}}, "T0ken"},
		{"more than one space", http.Header{"Authorization": {"Bearer   T0ken "}}, "T0ken"},
		{"pip", http.Header{"Authorization": {basic("aws", "T0ken")}}, "T0ken"},
		{"swift", http.Header{"Authorization": {basic("token", "T0ken")}}, "T0ken"},
		{"no user", http.Header{"Authorization": {basic("", "T0ken")}}, "T0ken"},
		{"colon in the password", http.Header{"Authorization": {basic("aws", "T0:ken")}}, "T0:ken"},
		{"cargo", http.Header{"Authorization": {"T0ken"}}, "T0ken"},
		{"nuget", http.Header{nuget: {"T0ken"}}, "T0ken"},
		{"nuget with both, the same", http.Header{nuget: {"T0ken"}, "Authorization": {basic("aws", "T0ken")}}, "T0ken"},
		{"nuget with a key that is none", http.Header{nuget: {"az"}, "Authorization": {basic("aws", "T0ken")}}, "T0ken"},
		{"nuget with a key and nobody's credential", http.Header{nuget: {"T0ken"}, "Authorization": {nobody}}, "T0ken"},
		{"nuget with nobody's credential", http.Header{"Authorization": {basic("", "")}}, ""},
		{"two headers, different", http.Header{"Authorization": {"Bearer a", "Bearer b"}}, ""},
		{"none", http.Header{}, ""},
		{"empty", http.Header{"Authorization": {""}}, ""},
		{"scheme only", http.Header{"Authorization": {"Bearer "}}, "Bearer"}, // looked up, and not found
		{"other scheme", http.Header{"Authorization": {"Digest username=x"}}, ""},
		{"signature", http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=a/b/c/d/e, Signature=f"}}, ""},
		{"Basic without a colon", http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("x"))}}, ""},
		{"Basic without a password", http.Header{"Authorization": {basic("aws", "")}}, ""},
		{"Basic not base 64", http.Header{"Authorization": {"Basic ?"}}, ""},
		{"Basic with loose trailing bits", http.Header{"Authorization": {"Basic YTpiYh=="}}, ""},
		{"control character", http.Header{"Authorization": {basic("aws", "T0\nken")}}, ""},
		{"space in the token", http.Header{"Authorization": {"Bearer T0 ken"}}, ""},
		{"9 kB", http.Header{"Authorization": {"Bearer " + strings.Repeat("a", 9<<10)}}, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := Credential(row.header)
			if row.want == "" {
				if !artifact.Is(err, artifact.Unauthenticated) || !got.IsZero() || strings.Contains(err.Error(), "T0") {
					t.Errorf("got %q, %v, want it refused without an echo", got.Reveal(), err)
				}
				return
			}
			if err != nil || got.Reveal() != row.want {
				t.Errorf("got %q, %v, want %q", got.Reveal(), err, row.want)
			}
		})
	}
}

func TestAttemptsAreWhatCouldBeAToken(t *testing.T) {
	for _, row := range []struct {
		name   string
		header http.Header
		query  string
		want   bool
	}{
		{"nothing", http.Header{}, "", false},
		{"npm", http.Header{"Authorization": {"Bearer guess"}}, "", true},
		{"cargo", http.Header{"Authorization": {"guess"}}, "", true},
		{"NuGet with nothing to sign in by", http.Header{"Authorization": {nobody}}, "", false},
		{"NuGet before it signs in", http.Header{"X-Nuget-Apikey": {"az"}}, "", false},
		{"NuGet with a token as its key", http.Header{"X-Nuget-Apikey": {tokenPrefix + "guess"}}, "", true},
		{"NuGet with both", http.Header{"Authorization": {nobody}, "X-Nuget-Apikey": {tokenPrefix + "guess"}}, "", true},
		{"a signed address", http.Header{}, "?X-Amz-Signature=00", true},
	} {
		r := httptest.NewRequest(http.MethodPut, "/"+row.query, nil)
		r.Header = row.header
		if got := Attempts(r); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

func FuzzCredential(f *testing.F) {
	f.Add("Bearer token", "")
	f.Add(basic("aws", "token"), "token")
	f.Add("token", "other")
	f.Fuzz(func(t *testing.T, authorization, key string) {
		got, err := Credential(http.Header{"Authorization": {authorization}, "X-Nuget-Apikey": {key}})
		if err != nil {
			return
		}
		// It is the key only where the other header is nobody's.
		isKey := strings.TrimSpace(key) == got.Reveal()
		if got.IsZero() || authorization == nobody && !isKey || strings.ContainsAny(got.Reveal(), " \n\x00") {
			t.Errorf("got %q from %q and %q", got.Reveal(), authorization, key)
		}
	})
}
