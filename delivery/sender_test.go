package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/events"
)

var sentAt = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// message is one event, of a package whose name is no ASCII.
func message(t *testing.T) Message {
	t.Helper()
	detail, err := json.Marshal(events.Change{DomainOwner: account, Administrator: account, Package: "wïdget", Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	told, err := events.Told(events.Record{Sequence: 7, Time: sentAt, Resource: "arn:wïdget", Detail: detail}, "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	return Message{Event: told[0], Body: told[0].JSON(), Group: told[0].Lane()}
}

// server answers each request as answer says, and keeps the last one with its body.
type server struct {
	*httptest.Server
	last   *http.Request
	body   string
	answer func(w http.ResponseWriter)
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{answer: func(http.ResponseWriter) {}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.last, s.body = r.Clone(context.WithoutCancel(r.Context())), string(body)
		s.last.Body = io.NopCloser(bytes.NewReader(body))
		s.answer(w)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) says(status int, body string) {
	s.answer = func(w http.ResponseWriter) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client looks
	}
}

func TestAWebhookGetsTheEventWithASignature(t *testing.T) {
	s, m := newServer(t), message(t)
	hook := &Webhook{Client: NewHTTPClient(), URL: s.URL + "/hooks/x", Secret: artifact.NewSecret("open sesame"), Agent: "entrepot/1",
		Now: func() time.Time { return sentAt }}
	if err := hook.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	want(t, "body", s.body, string(m.Body))
	want(t, "path", s.last.URL.Path, "/hooks/x")
	want(t, "type", s.last.Header.Get("Content-Type"), "application/json")
	want(t, "event", s.last.Header.Get("Entrepot-Event"), m.Event.ID)
	want(t, "signature", s.last.Header.Get(SignatureHeader), Sign(hook.Secret, sentAt, m.Body))

	hook.Secret = artifact.Secret{}
	if err := hook.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	want(t, "signature without a secret", s.last.Header.Get(SignatureHeader), "")
}

// What the signature is made of does not follow from the code: a value that was computed with openssl.
func TestASignatureIsTheHMACOfTimeAndBody(t *testing.T) {
	// printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 'secret'
	const known = "t=1700000000,v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686"
	want(t, "signature", Sign(artifact.NewSecret("secret"), time.Unix(1_700_000_000, 0), []byte(`{"a":1}`)), known)
}

func TestOnlyWhatIsAcknowledgedWasTold(t *testing.T) {
	s, m := newServer(t), message(t)
	aws := AWS{Client: NewHTTPClient(), Endpoint: s.URL, Region: "us-east-1", AccessKeyID: "AKIAEXAMPLEEXAMPLE00",
		SecretKey: artifact.NewSecret("k"), Now: time.Now}
	queue, err := NewQueue(aws, s.URL+"/123456789012/q")
	if err != nil {
		t.Fatal(err)
	}
	hook := &Webhook{Client: NewHTTPClient(), URL: s.URL + "/secret-path", Now: time.Now}
	bus := &Bus{AWS: aws, Source: events.Source}
	for _, row := range []struct {
		name   string
		to     Sender
		status int
		body   string
		told   bool
	}{
		{"a webhook that answers 200", hook, 200, "", true},
		{"a webhook that answers 204", hook, 204, "", true},
		{"a webhook that answers 302", hook, 302, "", false},
		{"a webhook that answers 400", hook, 400, "", false},
		{"a webhook that answers 500", hook, 500, "", false},
		{"a queue that has the message", queue, 200, `{"MessageId":"m"}`, true},
		{"a queue that says nothing of a message", queue, 200, `{}`, false},
		{"a queue that answers no JSON", queue, 200, `<html>`, false},
		{"a queue that refuses", queue, 400, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}`, false},
		{"a bus that has the event", bus, 200, `{"FailedEntryCount":0,"Entries":[{"EventId":"e"}]}`, true},
		{"a bus that did not take it", bus, 200, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure"}]}`, false},
		{"a bus that says nothing of an event", bus, 200, `{}`, false},
		{"a bus that refuses", bus, 403, `{}`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s.says(row.status, row.body)
			err := row.to.Send(t.Context(), m)
			if (err == nil) != row.told {
				t.Errorf("got %v, want told %v", err, row.told)
			}
			if err != nil && strings.Contains(err.Error(), "secret-path") {
				t.Errorf("the error names the address: %v", err)
			}
		})
	}
}

func TestErrorsNameNoAddress(t *testing.T) {
	m := message(t)
	gone, secure := newServer(t), httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail as they should
	secure.StartTLS()
	gone.Close()
	defer secure.Close()
	for what, base := range map[string]string{"nobody listens": gone.URL, "nobody knows the host": "http://host.invalid",
		"nobody believes the certificate": secure.URL} {
		hook := &Webhook{Client: NewHTTPClient(), URL: base + "/secret-path", Now: time.Now}
		err := hook.Send(t.Context(), m)
		if err == nil {
			t.Errorf("%s: it was told", what)
			continue
		}
		for _, not := range []string{"secret-path", "127.0.0.1", "host.invalid"} {
			if strings.Contains(err.Error(), not) {
				t.Errorf("%s: the error has %s: %v", what, not, err)
			}
		}
	}
}

func TestAQueueGetsSignedMessagesInGroupsOfAPackage(t *testing.T) {
	s, m := newServer(t), message(t)
	s.says(200, `{"MessageId":"m"}`)
	aws := AWS{Client: NewHTTPClient(), Region: "eu-west-1", AccessKeyID: "AKIAEXAMPLEEXAMPLE00", SecretKey: artifact.NewSecret("k"),
		Now: func() time.Time { return sentAt }}
	for _, fifo := range []bool{true, false} {
		name := "/123456789012/packages"
		if fifo {
			name += ".fifo"
		}
		queue, err := NewQueue(aws, s.URL+name)
		if err != nil {
			t.Fatal(err)
		}
		if err := queue.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		want(t, "target", s.last.Header.Get("X-Amz-Target"), "AmazonSQS.SendMessage")
		want(t, "path", s.last.URL.Path, "/")
		var got map[string]string
		if err := json.Unmarshal([]byte(s.body), &got); err != nil {
			t.Fatal(err)
		}
		wanted := map[string]string{"QueueUrl": s.URL + name, "MessageBody": string(m.Body)}
		if fifo {
			wanted["MessageDeduplicationId"] = m.Event.Detail.Deduplication
			wanted["MessageGroupId"] = got["MessageGroupId"]
			if len(got["MessageGroupId"]) != 64 {
				t.Errorf("got the group %q", got["MessageGroupId"])
			}
		}
		want(t, "message", got, wanted)
		verifies(t, s.last, "sqs", "eu-west-1")
	}
}

func TestABusGetsSignedEntries(t *testing.T) {
	s, m := newServer(t), message(t)
	s.says(200, `{"FailedEntryCount":0,"Entries":[{"EventId":"e"}]}`)
	bus := &Bus{AWS: AWS{Client: NewHTTPClient(), Endpoint: s.URL, Region: "eu-west-1", AccessKeyID: "AKIAEXAMPLEEXAMPLE00",
		SecretKey: artifact.NewSecret("k"), Now: func() time.Time { return sentAt }}, Name: "packages", Source: "my.packages"}
	if err := bus.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	want(t, "target", s.last.Header.Get("X-Amz-Target"), "AWSEvents.PutEvents")
	var got struct{ Entries []map[string]any }
	if err := json.Unmarshal([]byte(s.body), &got); err != nil || len(got.Entries) != 1 {
		t.Fatalf("got %s (%v)", s.body, err)
	}
	detail, err := json.Marshal(m.Event.Detail)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "entry", got.Entries[0], map[string]any{"Time": float64(sentAt.Unix()), "Source": "my.packages", "Resources": []any{"arn:wïdget"},
		"DetailType": events.DetailType, "Detail": string(detail), "EventBusName": "packages"})
	verifies(t, s.last, "events", "eu-west-1")
}

// verifies wants the request to be signed as AWS's services want it.
func verifies(t *testing.T, r *http.Request, service, region string) {
	t.Helper()
	v := sigv4.New(func() time.Time { return sentAt }, sigv4.Scope{Region: region, Service: service})
	claim, err := v.Parse(r)
	if err == nil {
		err = v.Verify(claim, artifact.NewSecret("k"), sigv4.Payload{Limit: 1 << 20})
	}
	if err != nil {
		t.Error(err)
	}
}

func TestAFileHasWholeLinesWhateverCameBefore(t *testing.T) {
	m := message(t)
	line := string(m.Body) + "\n"
	for name, row := range map[string]struct{ before, after string }{
		"nothing":                             {"", line},
		"lines":                               {"{}\n", "{}\n" + line},
		"an event that was not written whole": {line + line[:40], line + line},
		"the first bytes of an event":         {line + line[:1], line + line},
		"only part of an event":               {line[:len(line)-1], line},
		"what somebody else wrote":            {"notes", "notes\n" + line},
		"more than is looked at":              {strings.Repeat("x", mostLine+5), strings.Repeat("x", mostLine+5) + "\n" + line},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "events.jsonl")
			if row.before != "" {
				if err := os.WriteFile(path, []byte(row.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := NewFile(path).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			wantFile(t, path, row.after)
		})
	}
}

func wantFile(t *testing.T, path, wanted string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != wanted {
		t.Errorf("%s has\n%.300s\nwant\n%.300s", path, got, wanted)
	}
}

func TestAFileThatIsMovedAwayIsBegunAnew(t *testing.T) {
	m := message(t)
	path := filepath.Join(t.TempDir(), "events.jsonl")
	f, line := NewFile(path), string(m.Body)+"\n"
	for range 2 {
		if err := f.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := f.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	wantFile(t, path+".1", line+line)
	wantFile(t, path, line)
	if err := NewFile(filepath.Join(path, "x")).Send(t.Context(), m); err == nil {
		t.Error("a file below a file was written")
	}
}

func TestAStreamGetsALineForEachEvent(t *testing.T) {
	m := message(t)
	var to strings.Builder
	if err := NewStream(&to).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	want(t, "lines", to.String(), string(m.Body)+"\n")
}
