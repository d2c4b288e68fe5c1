package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// beginnings are publications up to the end of their head: one by npm, one by the API.
func (f *fixture) beginnings(framing string) map[string]string {
	host := strings.TrimPrefix(f.url, "http://")
	npm := strings.TrimPrefix(f.endpoint(domain, "my-repo"), f.url) + "@team%2fwidget"
	api := "/v1/package/version/publish?asset=a&domain=" + domain + "&format=generic&namespace=n&package=p&repository=my-repo&version=1"
	id, secret, err := f.key()
	f.must(err)
	req, err := http.NewRequest("POST", f.url+api, nil)
	f.must(err)
	hash := sha256Of("whole")
	req.Header.Set("X-Amz-Content-Sha256", hash)
	credentials := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	f.must(v4.NewSigner().SignHTTP(f.t.Context(), credentials, req, hash, "codeartifact", "us-east-1", time.Now()))
	var signed strings.Builder
	f.must(req.Header.Write(&signed))
	return map[string]string{
		"npm": "PUT " + npm + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
			f.bearer + "\r\n" + framing + "\r\n\r\n",
		"the API": "POST " + req.URL.RequestURI() + " HTTP/1.1\r\nHost: " + host + "\r\n" + signed.String() + framing + "\r\n\r\n",
	}
}

// failures counts what the server calls failures of its own: answers that begin with 5, and errors in its log.
func (f *fixture) failures() (found []string) {
	f.t.Helper()
	time.Sleep(logDelay)
	_, metrics, err := f.fetch(f.t.Context(), f.url+"/metrics")
	f.must(err)
	for line := range strings.Lines(string(metrics)) {
		if strings.Contains(line, `class="5xx"`) {
			found = append(found, line)
		}
	}
	for line := range strings.Lines(f.log.String()) {
		if strings.Contains(line, "level=ERROR") {
			found = append(found, line)
		}
	}
	return found
}

func TestAPublishThatIsFramedWronglyIsABadRequest(t *testing.T) {
	f := newFixture(t)
	for name, body := range map[string]string{
		"a size that is no number":   "zz\r\nwhole\r\n0\r\n\r\n",
		"a size with a sign":         "-5\r\nwhole\r\n0\r\n\r\n",
		"no size":                    "\r\nwhole\r\n0\r\n\r\n",
		"a size past all bounds":     "ffffffffffffffff\r\nwhole\r\n0\r\n\r\n",
		"a long size line":           strings.Repeat("0", 400) + "5\r\nwhole\r\n0\r\n\r\n",
		"a chunk that is longer":     "4\r\nwhole\r\n0\r\n\r\n",
		"a bare line feed":           "5\nwhole\r\n0\r\n\r\n",
		"a bare line feed at an end": "5\r\nwhole\n0\r\n\r\n",
		"a trailer":                  "5\r\nwhole\r\n0\r\nX-Trailer: a\r\n\r\n",
		"no chunks":                  "whole as it is\r\n",
	} {
		for client, head := range f.beginnings("Transfer-Encoding: chunked") {
			c, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
			f.must(err)
			f.must(c.SetDeadline(time.Now().Add(time.Minute)))
			_, err = io.WriteString(c, head+body)
			f.must(err)
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || answer.StatusCode != http.StatusBadRequest {
				t.Errorf("%s, by %s: got %v (%v), want 400", name, client, answer, err)
			}
			f.must(c.Close())
		}
	}
	if found := f.failures(); len(found) > 0 {
		t.Errorf("the server says that it failed: %q", found)
	}
}

func TestAPublisherWhoHangsUpIsNoFailureOfTheServer(t *testing.T) {
	f := newFixture(t)
	left := 0
	for _, sent := range []int{0, 1, 20, 4000} {
		for client, head := range f.beginnings("Content-Length: 5000") {
			c, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
			f.must(err)
			body := strings.Repeat(" ", sent)
			if client == "npm" {
				body = fmt.Sprintf(`{"_attachments":{"widget-1.0.0.tgz":{"data":"%s`, strings.Repeat("A", sent))
			}
			_, err = io.WriteString(c, head+body)
			f.must(err)
			f.must(c.Close())
			left++
		}
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_, metrics, err := f.fetch(t.Context(), f.url+"/metrics")
		f.must(err)
		counted := 0
		for line := range strings.Lines(string(metrics)) {
			var n int
			if strings.HasPrefix(line, "entrepot_http_requests_total{") && strings.Contains(line, `class="4xx"`) {
				_, err = fmt.Sscan(line[strings.LastIndexByte(line, ' ')+1:], &n)
				f.must(err)
				counted += n
			}
		}
		if counted >= left {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d publishers who hung up are counted as clients that left", counted, left)
		}
	}
	if found := f.failures(); len(found) > 0 {
		t.Errorf("the server says that it failed: %q", found)
	}
}
