package sigv4

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawSigning makes a request of any shape an SDK could sign.
func drawSigning(t *rapid.T) signing {
	s := signing{
		method:    rapid.SampledFrom([]string{"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"}).Draw(t, "method"),
		header:    http.Header{},
		secret:    testSecret,
		session:   rapid.StringMatching(`|[A-Za-z0-9+/=]{1,40}`).Draw(t, "session"),
		scope:     testScope,
		at:        testTime.Add(time.Duration(rapid.IntRange(-300, 300).Draw(t, "seconds")) * time.Second),
		presigned: rapid.Bool().Draw(t, "presigned"),
		expires:   "900",
	}
	var path strings.Builder
	for _, segment := range rapid.SliceOfN(rapid.StringN(1, 8, -1), 0, 4).Draw(t, "segments") {
		path.WriteString("/" + url.PathEscape(segment))
	}
	q := url.Values{}
	for name, value := range rapid.MapOfN(rapid.StringN(1, 6, -1), rapid.String(), 0, 4).Draw(t, "query") {
		q.Set(name, value)
	}
	s.url = "http://api.example.test:8090" + path.String() + "?" + q.Encode()
	if !s.presigned {
		s.expires = ""
		s.body = rapid.String().Draw(t, "body")
		value := rapid.StringMatching(`[ -~é]{0,12}`)
		names := rapid.SliceOfDistinct(rapid.StringMatching(`X-[A-Z][a-z]{1,6}`), rapid.ID[string])
		for _, name := range names.Draw(t, "headers") {
			s.header[name] = rapid.SliceOfN(value, 1, 2).Draw(t, name)
		}
		if rapid.Bool().Draw(t, "declared") {
			declared(&s)
		}
	}
	return s
}

func TestWhatTheSDKSignsVerifies(t *testing.T) {
	v := verifierAt(testTime)
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSigning(rt)
		wire := s.wire(t)
		if err := check(t, v, wire, testSecret, testPayload); err != nil {
			rt.Fatalf("%v\n%s", err, wire)
		}
	})
}

// A request that is changed in one byte is refused, wherever the byte is, unless the change means nothing: those that
// verify must read exactly like the original in everything that is signed.
func TestWhatIsChangedInOneByteDoesNotVerify(t *testing.T) {
	v := verifierAt(testTime)
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSigning(rt)
		wire := s.wire(t)
		i := rapid.IntRange(0, len(wire)-1).Draw(rt, "where")
		b := rapid.Byte().Draw(rt, "byte")
		if b == wire[i] {
			return
		}
		changed := wire[:i] + string([]byte{b}) + wire[i+1:]
		if rapid.Bool().Draw(rt, "delete") {
			changed = wire[:i] + wire[i+1:]
		}
		r, err := received(changed)
		if err != nil {
			return
		}
		c, err := v.Parse(r)
		if err != nil {
			return
		}
		if v.Verify(c, testSecret, testPayload) != nil {
			return
		}
		original, err := received(wire)
		if err != nil {
			rt.Fatal(err)
		}
		if got, want := meaning(r), meaning(original); got != want {
			rt.Fatalf("verifies though it reads\n%s\ninstead of\n%s", got, want)
		}
	})
}

// meaning is what handlers see of a signed request, spaces of header values aside. Headers outside the signature, and
// how the signature itself is set out, do not count.
func meaning(r *http.Request) string {
	var text strings.Builder
	q, err := url.ParseQuery(r.URL.RawQuery)
	fmt.Fprintf(&text, "%s %s %s %v %q %v\n", r.Method, r.Host, r.URL.EscapedPath(), q, err, r.Header.Get("X-Amz-Date"))
	_, list, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	for name := range strings.SplitSeq(list, ";") {
		values := strings.Join(r.Header.Values(name), ",")
		fmt.Fprintf(&text, "%s %s\n", name, strings.Join(strings.Fields(strings.ReplaceAll(values, ",", " , ")), " "))
	}
	return text.String()
}

func FuzzParse(f *testing.F) {
	for _, row := range mutations {
		s := example()
		if row.from != nil {
			s = row.from()
		}
		if row.before != nil {
			row.before(&s)
		}
		wire := s.wire(f)
		if row.after != nil {
			wire = row.after(wire)
		}
		if len(wire) < 4096 {
			f.Add(wire)
		}
	}
	v := verifierAt(testTime)
	f.Fuzz(func(t *testing.T, wire string) {
		r, err := received(wire)
		if err != nil {
			return
		}
		c, err := v.Parse(r)
		if err != nil {
			// What a refusal echoes of the request goes into answers and logs.
			if strings.ContainsFunc(err.Error(), func(c rune) bool { return c < ' ' || c >= 0x7f }) {
				t.Errorf("refusal %q is not printable ASCII", err)
			}
			return
		}
		if c.AccessKeyID() == "" || c.Scope() != testScope || c.signedAt.Sub(testTime).Abs() > maxExpires {
			t.Errorf("claim %v of %v is not within the verifier's bounds", c, c.signedAt)
		}
		_ = v.Verify(c, testSecret, testPayload)
	})
}
