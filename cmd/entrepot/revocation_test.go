package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/catalog"
	"entrepot/config"
	"entrepot/format"
	"entrepot/iam"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// admitted is ann, who is a member of a group that may do everything, with all that opens doors: an access key, a session, and
// a token of each.
type admitted struct {
	*matrix
	user, group         string // IDs
	key, session        aws.Credentials
	token, sessionToken string
}

const annsPolicy = "everything"

func admit(t *testing.T) *admitted {
	t.Helper()
	c := settings(filepath.Join(t.TempDir(), "data"))
	c.Rates, c.Limits.FailedLogins = config.Rates{}, -1
	a := &admitted{matrix: &matrix{app: startedWith(t, &smallDisk{}, c), client: http.DefaultClient}, user: "AIDAANN", group: "AGPAALL"}
	a.listener = httptest.NewServer(a.server)
	t.Cleanup(a.listener.Close)
	domain := a.fill(t, "d1").Domain
	a.key = aws.Credentials{AccessKeyID: "AKIAANN0000000000001", SecretAccessKey: strings.Repeat("k", 40)}
	secret, err := a.stores.Seal([]byte(a.key.SecretAccessKey), []byte(a.key.AccessKeyID))
	if err != nil {
		t.Fatal(err)
	}
	record, sessionSecret, text, err := a.guard.Begin(catalog.Session{Principal: a.user, Kind: catalog.UserSession, IssuedAt: time.Now(),
		ExpiresAt: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	a.session = aws.Credentials{AccessKeyID: record.ID, SecretAccessKey: sessionSecret.Reveal(), SessionToken: text.Reveal()}
	arn := "arn:aws:iam::" + homeAccount + ":"
	err = a.catalog.Write(t.Context(), func(w catalog.Writer) error {
		for _, p := range []catalog.Principal{
			{ID: a.user, Account: homeAccount, Kind: catalog.UserPrincipal, Path: "/", Name: "ann", ARN: arn + "user/ann", CreatedAt: time.Now()},
			{ID: a.group, Account: homeAccount, Kind: catalog.GroupPrincipal, Path: "/", Name: "all", ARN: arn + "group/all", CreatedAt: time.Now()},
		} {
			if err := w.CreatePrincipal(p); err != nil {
				return err
			}
		}
		document := `{"Version":"2012-10-17","Statement":[` + matrixAllow("*", "*") + `]}`
		if err := w.PutIdentityPolicy(a.group, catalog.IdentityPolicy{Name: annsPolicy, Document: document}); err != nil {
			return err
		}
		if err := w.AddMember(a.group, a.user); err != nil {
			return err
		}
		if err := w.CreateSession(record); err != nil {
			return err
		}
		return w.CreateAccessKey(catalog.AccessKey{ID: a.key.AccessKeyID, Principal: a.user, Secret: secret, Active: true, CreatedAt: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	bearer := owner(t)
	bearer.Principal = iam.Principal{Account: homeAccount, ARN: arn + "user/ann", ID: a.user, Name: "ann"}
	if a.token, _, err = a.guard.Issue(t.Context(), bearer, domain, nil); err != nil {
		t.Fatal(err)
	}
	bearer.Temporary = iam.Temporary{ID: record.ID, Principal: a.user, ExpiresAt: record.ExpiresAt}
	if a.sessionToken, _, err = a.guard.Issue(t.Context(), bearer, domain, nil); err != nil {
		t.Fatal(err)
	}
	return a
}

// A door is a way in with one of the credentials.
type door struct {
	name, with string
	request    func(t *testing.T) *http.Request
}

// The credentials by which doors are opened.
const (
	byToken, bySessionToken, byKey, bySession = "token", "a session's token", "access key", "session"
)

// doors are every way in: the API and the query protocol with each kind of signature, and every format's routes with each form
// in which its clients send tokens.
func (a *admitted) doors(t *testing.T) (all []door) {
	for with, c := range map[string]aws.Credentials{byKey: a.key, bySession: a.session} {
		all = append(all, door{"API", with, func(t *testing.T) *http.Request {
			return a.sign(t, request(t, http.MethodGet, "/v1/repository"+onR1, ""), c, "codeartifact", "")
		}})
		service, body := "kms", "{}"
		if with == byKey { // in IAM nobody may do anything in a session of a user
			service, body = "iam", "Action=ListUsers&Version=2010-05-08"
		}
		all = append(all, door{"POST / (" + service + ")", with, func(t *testing.T) *http.Request {
			r := request(t, http.MethodPost, "/", body)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if service == "kms" {
				r.Header.Set("Content-Type", "application/x-amz-json-1.1")
				r.Header.Set("X-Amz-Target", "TrentService.ListKeys")
			}
			return a.sign(t, r, c, service, body)
		}})
	}
	for _, f := range formats() {
		path := readingPath(t, f)
		if path == "" {
			continue // used through the API
		}
		for with, token := range map[string]string{byToken: a.token, bySessionToken: a.sessionToken} {
			for form, header := range map[string][2]string{
				"Basic":          {"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("aws:"+token))},
				"Bearer":         {"Authorization", "Bearer " + token},
				"as it is":       {"Authorization", token},
				"X-NuGet-ApiKey": {"X-NuGet-ApiKey", token},
			} {
				all = append(all, door{string(f.Name) + " " + form, with, func(t *testing.T) *http.Request {
					r := request(t, http.MethodGet, "/d1-"+homeAccount+"/"+string(f.Name)+"/r1"+path, "")
					r.Header.Set(header[0], header[1])
					return r
				}})
			}
		}
	}
	return all
}

// readingPath is a path of the format that whoever may read may ask for.
func readingPath(t *testing.T, f format.Format) string {
	for _, row := range matrixRoutes(t, f) {
		if slices.Equal(row.needs, []string{reads}) && strings.HasPrefix(row.pattern, "GET ") {
			return row.path
		}
	}
	return ""
}

func (a *admitted) sign(t *testing.T, r *http.Request, c aws.Credentials, service, body string) *http.Request {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	if err := signer.NewSigner().SignHTTP(t.Context(), c, r, hex.EncodeToString(sum[:]), service, a.config.Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	return r
}

// Whatever is revoked, every door that it opened is shut by the next request, and no other.
func TestP43WhatIsRevokedOpensNoDoorAnyMore(t *testing.T) {
	everything := []string{byToken, bySessionToken, byKey, bySession}
	inCatalog := func(fn func(a *admitted, w catalog.Writer) error) func(*testing.T, *admitted) error {
		return func(t *testing.T, a *admitted) error {
			return a.catalog.Write(t.Context(), func(w catalog.Writer) error { return fn(a, w) })
		}
	}
	for _, test := range []struct {
		name   string
		revoke func(*testing.T, *admitted) error
		shut   []string
	}{
		{"a token", func(t *testing.T, a *admitted) error {
			sum := sha256.Sum256([]byte(a.token))
			_, err := a.accounts.Revoke(t.Context(), owner(t), hex.EncodeToString(sum[:]))
			return err
		}, []string{byToken}},
		{"a session, with its tokens", func(t *testing.T, a *admitted) error {
			_, err := a.accounts.Revoke(t.Context(), owner(t), a.session.AccessKeyID)
			return err
		}, []string{bySession, bySessionToken}},
		{"all tokens and sessions of a user", func(t *testing.T, a *admitted) error {
			_, err := a.accounts.RevokeAll(t.Context(), owner(t), "arn:aws:iam::"+homeAccount+":user/ann")
			return err
		}, []string{byToken, bySession, bySessionToken}},
		{"an access key", func(t *testing.T, a *admitted) error {
			return a.accounts.UpdateAccessKey(t.Context(), owner(t), "ann", a.key.AccessKeyID, false)
		}, []string{byKey}},
		{"a user", inCatalog(func(a *admitted, w catalog.Writer) error { return w.DeletePrincipal(a.user) }), everything},
		{"a policy", inCatalog(func(a *admitted, w catalog.Writer) error { return w.DeleteIdentityPolicy(a.group, annsPolicy) }), everything},
		{"membership of a group", func(t *testing.T, a *admitted) error {
			return a.accounts.RemoveUserFromGroup(t.Context(), owner(t), "all", "ann")
		}, everything},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := admit(t)
			doors := a.doors(t)
			for _, d := range doors {
				if got, said := a.do(t, d.request(t)); got != may {
					t.Fatalf("before: %s with the %s: got %s (%s)", d.name, d.with, got, said)
				}
			}
			if err := test.revoke(t, a); err != nil {
				t.Fatal(err)
			}
			for _, d := range doors {
				got, said := a.do(t, d.request(t))
				opened := got == may && !strings.Contains(said, "AccessDenied") // which KMS answers with 400
				if shut := slices.Contains(test.shut, d.with); shut == opened {
					t.Errorf("%s with the %s: got %s (%s), want it shut %v", d.name, d.with, got, said, shut)
				}
			}
		})
	}
}
