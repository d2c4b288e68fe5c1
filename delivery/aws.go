package delivery

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/events"
)

// AWS is how a service of AWS's, or one that speaks like it, is called.
type AWS struct {
	Client      *http.Client
	Endpoint    string // its URL, without a path
	Region      string
	AccessKeyID string
	SecretKey   artifact.Secret
	Agent       string
	Now         func() time.Time
}

// call does one operation of the JSON protocol and decodes its answer.
func (a *AWS) call(ctx context.Context, service, protocol, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(a.Endpoint, "/")+"/", bytes.NewReader(body))
	if err != nil {
		return unnamed(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-"+protocol)
	r.Header.Set("X-Amz-Target", operation)
	r.Header.Set("User-Agent", a.Agent)
	signer := sigv4.Signer{KeyID: a.AccessKeyID, Secret: a.SecretKey}
	if err := signer.Sign(r, sigv4.Scope{Region: a.Region, Service: service}, a.Now()); err != nil {
		return fmt.Errorf("sign %s: %w", operation, err)
	}
	status, answer, err := ask(a.Client, r)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	if status != http.StatusOK {
		var told struct {
			Type string `json:"__type"`
		}
		_ = json.Unmarshal(answer, &told) // the status says enough
		return fmt.Errorf("%s answered %d %.100q", operation, status, told.Type)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s answered what cannot be read: %w", operation, err)
	}
	return nil
}

// Queue tells by SendMessage of SQS: the event is the message's body. A queue whose name ends in .fifo gets the messages of
// one package in their order, and takes each event once.
type Queue struct {
	AWS
	URL string // of the queue
}

// NewQueue makes the sender for a queue; the service is at the queue's own host.
func NewQueue(a AWS, queue string) (*Queue, error) {
	u, err := url.Parse(queue)
	if err != nil {
		return nil, err
	}
	a.Endpoint = u.Scheme + "://" + u.Host
	return &Queue{a, queue}, nil
}

// Send implements Sender.
func (q *Queue) Send(ctx context.Context, m Message) error {
	in := struct {
		QueueURL      string `json:"QueueUrl"`
		Body          string `json:"MessageBody"`
		Group         string `json:"MessageGroupId,omitempty"`
		Deduplication string `json:"MessageDeduplicationId,omitempty"`
	}{QueueURL: q.URL, Body: string(m.Body)}
	if strings.HasSuffix(q.URL, ".fifo") {
		in.Group, in.Deduplication = groupName(m.Group), m.Event.Detail.Deduplication
	}
	var out struct {
		MessageID string `json:"MessageId"`
	}
	if err := q.call(ctx, "sqs", "1.0", "AmazonSQS.SendMessage", in, &out); err != nil {
		return err
	}
	if out.MessageID == "" {
		return fmt.Errorf("the queue acknowledged no message")
	}
	return nil
}

// groupName is a group's name as a queue takes it: 128 letters, digits and marks of ASCII at most. A package's may be anything;
// then a hash stands for it.
func groupName(group string) string {
	const most = 128
	if len(group) <= most && !strings.ContainsFunc(group, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return group
	}
	sum := sha256.Sum256([]byte(group))
	return hex.EncodeToString(sum[:])
}

// Bus tells by PutEvents of EventBridge.
type Bus struct {
	AWS
	Name   string // of the bus; its ARN will do
	Source string // that events say to be from: AWS's own service takes none that begins with aws.
}

// Send implements Sender. The bus gives the event an id of its own; what tells duplicates is in its detail.
func (b *Bus) Send(ctx context.Context, m Message) error {
	detail, err := json.Marshal(m.Event.Detail)
	if err != nil {
		return err
	}
	type entry struct {
		Time       int64
		Source     string
		Resources  []string
		DetailType string
		Detail     string
		Bus        string `json:"EventBusName,omitempty"`
	}
	in := struct{ Entries []entry }{[]entry{{m.Event.Time.Unix(), b.Source, m.Event.Resources, events.DetailType, string(detail), b.Name}}}
	var out struct {
		FailedEntryCount int
		Entries          []struct{ ErrorCode string }
	}
	if err := b.call(ctx, "events", "1.1", "AWSEvents.PutEvents", in, &out); err != nil {
		return err
	}
	if out.FailedEntryCount != 0 || len(out.Entries) != 1 {
		code := "nothing"
		if len(out.Entries) > 0 {
			code = out.Entries[0].ErrorCode
		}
		return fmt.Errorf("the bus did not take the event: %.100q", code)
	}
	return nil
}
