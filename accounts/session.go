package accounts

import (
	"cmp"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// SessionKeys makes the credentials of sessions.
type SessionKeys interface {
	// Begin returns the record of a session that is described but for its ID, secret and token, with both.
	Begin(s catalog.Session) (record catalog.Session, secret, token artifact.Secret, err error)
}

// Narrowing is what a session is asked to be less than whose it is: for how long, and for what.
type Narrowing struct {
	Seconds    int      // 0 means the action's default
	Policy     string   // a document; empty means none
	PolicyARNs []string // of managed policies
	Tags       []Tag
}

// Begun is a session that has begun, with its credentials. Secret and token are told once.
type Begun struct {
	KeyID          string
	Secret, Token  artifact.Secret
	ExpiresAt      time.Time
	ARN, ID        string // of who calls with it; empty where it is the user as ever
	PackedSize     int    // percent of the room that policies and tags may take
	SourceIdentity string
}

// The lives of sessions, in seconds (STS API reference, AssumeRole and the others).
const (
	leastSession       = 900
	standardRole       = 3600
	chainedRole        = 3600
	standardUser       = 43200
	longestUser        = 129600
	longestRootSession = 3600
)

const (
	maxSessionPolicies = 10    // managed ones
	packedRoom         = 16384 // characters of policies and tags together
)

// life is how long a session lasts that was asked for.
func life(asked, standard, most int) (time.Duration, error) {
	seconds := cmp.Or(asked, min(standard, most))
	if seconds < leastSession || seconds > most {
		return 0, artifact.Errorf(artifact.Invalid, "DurationSeconds must be between %d and %d.", leastSession, most)
	}
	return time.Duration(seconds) * time.Second, nil
}

// sessionPolicies returns the documents that narrow a session of an account's principal: the one that was passed, and those of the
// managed policies as they are in force now.
func (a *reading) sessionPolicies(n Narrowing, of artifact.AccountID) ([]string, error) {
	var documents []string
	if n.Policy != "" {
		if _, err := iam.Parse([]byte(n.Policy), iam.SessionPolicy); err != nil {
			return nil, MalformedPolicy.errorf("%v", err)
		}
		documents = append(documents, n.Policy)
	}
	if len(n.PolicyARNs) > maxSessionPolicies {
		return nil, artifact.Errorf(artifact.Invalid, "A session has at most %d managed policies.", maxSessionPolicies)
	}
	for _, arn := range n.PolicyARNs {
		p, err := a.ManagedPolicy(arn)
		if artifact.Is(err, artifact.NotFound) || err == nil && p.Account != of && p.Account != catalog.AWSAccount {
			return nil, MalformedPolicy.errorf("The session policy %.200s does not exist in the account.", arn)
		}
		if err != nil {
			return nil, err
		}
		document, err := a.ManagedDocument(p.ARN)
		if err != nil {
			return nil, err
		}
		documents = append(documents, document)
	}
	return documents, nil
}

// sessionTags are the tags of a session that were asked for.
func (a *reading) sessionTags(tags []Tag) (map[string]string, error) {
	given, err := a.tagged(nil, tags)
	if artifact.Is(err, artifact.Quota) {
		err = PolicyTooLarge.errorf("A session has at most %d tags.", a.Quotas.Tags)
	}
	return given, err
}

// packed is how much of the room a session's policies and tags take, in percent.
func packed(policies []string, tags map[string]string) (int, error) {
	characters := 0
	for _, text := range policies {
		characters += utf8.RuneCountInString(text)
	}
	for key, value := range tags {
		characters += utf8.RuneCountInString(key + value)
	}
	if characters > packedRoom {
		return 0, PolicyTooLarge.errorf("The policies and tags of the session have %d characters, at most %d fit.",
			characters, packedRoom)
	}
	return int(math.Ceil(float64(characters) * 100 / packedRoom)), nil
}

// begin begins a session in the transaction of the action. detail is for the record.
func (a *changing) begin(s catalog.Session, resource string, detail map[string]any) (Begun, error) {
	size, err := packed(s.Policies, s.Tags)
	if err != nil {
		return Begun{}, err
	}
	s, secret, token, err := a.SessionKeys.Begin(s)
	if err != nil {
		return Begun{}, err
	}
	if err := a.write.CreateSession(s); err != nil {
		return Begun{}, err
	}
	detail["accessKeyId"], detail["expiration"] = s.ID, s.ExpiresAt.Unix()
	if s.SourceIdentity != "" {
		detail["sourceIdentity"] = s.SourceIdentity
	}
	return Begun{KeyID: s.ID, Secret: secret, Token: token, ExpiresAt: s.ExpiresAt, PackedSize: size,
		SourceIdentity: s.SourceIdentity}, a.record(resource, detail)
}

// from is when a session begins, to the second.
func (s *Service) from() time.Time { return s.Now().UTC().Truncate(time.Second) }

// callerKind is how the resource of a caller's ARN begins: root, user, assumed-role, federated-user.
func callerKind(c iam.Caller) string {
	resource := c.Principal.ARN[strings.LastIndexByte(c.Principal.ARN, ':')+1:]
	kind, _, _ := strings.Cut(resource, "/")
	return kind
}
