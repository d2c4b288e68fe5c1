package catalogtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// held reports whether the owner has the domain.
func (f *fixture) held(name string) bool {
	f.Helper()
	err := f.Read(context.Background(), func(r catalog.Reader) error {
		_, err := r.Domain(artifact.DomainKey{Owner: owner, Name: name})
		return err
	})
	if err != nil && !artifact.Is(err, artifact.NotFound) {
		f.Fatal(err)
	}
	return err == nil
}

func createDomain(w catalog.Writer, name string) error {
	_, err := w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: owner, Name: name}})
	return err
}

func testTransactions(t *testing.T, open func(t *testing.T) catalog.Store) {
	ctx := context.Background()
	runRows(t, open, []row{
		{"a_read_is_one_snapshot", func(t *testing.T, f *fixture) {
			f.domain("before")
			f.read(func(r catalog.Reader) error {
				key := artifact.DomainKey{Owner: owner, Name: "before"}
				d, err := r.Domain(key)
				if err != nil {
					return err
				}
				f.domain("after")
				f.write(func(w catalog.Writer) error { return w.DeleteDomain(d.ID) })
				if _, err := r.Domain(key); err != nil {
					t.Errorf("what was deleted meanwhile: got %v, want it still there", err)
				}
				l, err := r.Domains(owner, catalog.Page{Limit: 10})
				if len(l.Items) != 1 {
					t.Errorf("got %d domains, want the one of the snapshot", len(l.Items))
				}
				return err
			})
		}},
		{"a_write_sees_its_own_writes", func(t *testing.T, f *fixture) {
			f.write(func(w catalog.Writer) error {
				if err := createDomain(w, "acme"); err != nil {
					return err
				}
				_, err := w.Domain(artifact.DomainKey{Owner: owner, Name: "acme"})
				return err
			})
		}},
		{"an_error_rolls_everything_back_and_comes_out_as_it_is", func(t *testing.T, f *fixture) {
			err := f.Write(ctx, func(w catalog.Writer) error {
				if err := createDomain(w, "acme"); err != nil {
					return err
				}
				return errOnPurpose
			})
			if !errors.Is(err, errOnPurpose) {
				t.Errorf("got %v, want %v", err, errOnPurpose)
			}
			want(t, "held", f.held("acme"), false)
			if err := f.Read(ctx, func(catalog.Reader) error { return errOnPurpose }); !errors.Is(err, errOnPurpose) {
				t.Errorf("got %v from Read, want %v", err, errOnPurpose)
			}
		}},
		{"a_refused_verb_leaves_the_rest_of_the_write_alone", func(t *testing.T, f *fixture) {
			f.domain("taken")
			f.write(func(w catalog.Writer) error {
				if err := createDomain(w, "first"); err != nil {
					return err
				}
				wantKind(t, createDomain(w, "taken"), artifact.Conflict)
				return createDomain(w, "second")
			})
			want(t, "first", f.held("first"), true)
			want(t, "second", f.held("second"), true)
		}},
		{"a_panic_rolls_back_and_goes_on_to_the_caller", func(t *testing.T, f *fixture) {
			func() {
				defer func() { want(t, "panic", recover(), any("on purpose")) }()
				_ = f.Write(ctx, func(w catalog.Writer) error {
					if err := createDomain(w, "acme"); err != nil {
						return err
					}
					panic("on purpose")
				})
			}()
			func() {
				defer func() { _ = recover() }()
				_ = f.Read(ctx, func(catalog.Reader) error { panic("on purpose") })
			}()
			want(t, "held", f.held("acme"), false)
			f.domain("acme")
		}},
		{"a_goroutine_that_ends_in_a_write_rolls_back", func(t *testing.T, f *fixture) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = f.Write(ctx, func(w catalog.Writer) error {
					_ = createDomain(w, "acme")
					runtime.Goexit()
					return nil
				})
			}()
			<-done
			want(t, "held", f.held("acme"), false)
			f.domain("acme")
		}},
		{"what_was_handed_out_is_dead_afterwards", func(t *testing.T, f *fixture) {
			var r catalog.Reader
			var w catalog.Writer
			f.read(func(inside catalog.Reader) error { r = inside; return nil })
			f.write(func(inside catalog.Writer) error { w = inside; return nil })
			if _, err := r.DomainByID(1); err == nil || artifact.Is(err, artifact.NotFound) {
				t.Errorf("got %v from a Reader after its Read, want it refused", err)
			}
			if err := createDomain(w, "acme"); err == nil {
				t.Error("a Writer wrote after its Write")
			}
			want(t, "held", f.held("acme"), false)
		}},
		{"a_reader_is_no_writer", func(t *testing.T, f *fixture) {
			f.read(func(r catalog.Reader) error {
				if _, ok := r.(catalog.Writer); ok {
					t.Error("what Read hands out can be turned into a Writer")
				}
				return nil
			})
		}},
		{"a_cancelled_call_does_not_start", func(t *testing.T, f *fixture) {
			cancelled, cancel := context.WithCancel(ctx)
			cancel()
			err := f.Write(cancelled, func(catalog.Writer) error { t.Error("a Write started"); return nil })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Write: got %v, want %v", err, context.Canceled)
			}
			err = f.Read(cancelled, func(catalog.Reader) error { t.Error("a Read started"); return nil })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Read: got %v, want %v", err, context.Canceled)
			}
		}},
		{"a_call_cancelled_halfway_fails_alone", func(t *testing.T, f *fixture) {
			for name, swallow := range map[string]bool{"told": false, "swallowed": true} {
				cancelled, cancel := context.WithCancel(ctx)
				err := f.Write(cancelled, func(w catalog.Writer) error {
					if err := createDomain(w, name); err != nil {
						return err
					}
					cancel()
					if err := createDomain(w, name+"2"); !swallow {
						return err
					}
					return nil
				})
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
				}
				want(t, name, f.held(name), false)
			}
			f.domain("still-works")
		}},
		{"a_waiting_write_that_is_cancelled_is_dropped", func(t *testing.T, f *fixture) {
			inside, release := make(chan struct{}), make(chan struct{})
			var all sync.WaitGroup
			all.Go(func() {
				f.write(func(w catalog.Writer) error {
					close(inside)
					<-release
					return createDomain(w, "first")
				})
			})
			<-inside
			for i := range 20 {
				// Some end before the first write does, some at the same moment.
				waiting, cancel := context.WithTimeout(ctx, time.Duration(i)*time.Millisecond/2)
				all.Go(func() {
					defer cancel()
					err := f.Write(waiting, func(w catalog.Writer) error { return createDomain(w, fmt.Sprintf("waiting-%d", i)) })
					if err != nil && !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("got %v, want a deadline", err)
					}
					if got := f.held(fmt.Sprintf("waiting-%d", i)); got != (err == nil) {
						t.Errorf("Write returned %v and what it wrote is there: %v", err, got)
					}
				})
			}
			time.Sleep(5 * time.Millisecond)
			close(release)
			all.Wait()
			want(t, "first", f.held("first"), true)
			f.domain("last")
		}},
		{"concurrent_writers_each_succeed_or_fail_alone", func(t *testing.T, f *fixture) {
			var all sync.WaitGroup
			for i := range 96 {
				all.Go(func() {
					name := fmt.Sprintf("d%d", i)
					defer func() {
						if recovered := recover(); (recovered != nil) != (i%3 == 2) {
							t.Errorf("%s: got panic %v", name, recovered)
						}
					}()
					err := f.Write(ctx, func(w catalog.Writer) error {
						if err := createDomain(w, name); err != nil {
							return err
						}
						switch i % 3 {
						case 1:
							return errOnPurpose
						case 2:
							panic("on purpose")
						}
						return nil
					})
					if errors.Is(err, errOnPurpose) != (i%3 == 1) {
						t.Errorf("%s: got %v", name, err)
					}
				})
			}
			all.Wait()
			for i := range 96 {
				want(t, fmt.Sprintf("d%d", i), f.held(fmt.Sprintf("d%d", i)), i%3 == 0)
			}
		}},
		{"of_64_that_create_one_version_one_wins", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, npm("lodash"))
			var all sync.WaitGroup
			var won, lost atomic.Int32
			for i := range 64 {
				all.Go(func() {
					v := version(npm("lodash"), "1.0.0", asset("a", byte(i), int64(i)))
					err := f.Write(ctx, func(w catalog.Writer) error { return create(w, id, v) })
					switch {
					case err == nil:
						won.Add(1)
					case artifact.Is(err, artifact.Conflict):
						lost.Add(1)
					default:
						t.Errorf("got %v, want success or a conflict", err)
					}
				})
			}
			all.Wait()
			want(t, "winners", won.Load(), 1)
			want(t, "losers", lost.Load(), 63)
		}},
		{"64_versions_of_one_package_in_parallel_are_all_there", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, npm("lodash"))
			var all sync.WaitGroup
			for i := range 64 {
				all.Go(func() { f.publish(id, version(npm("lodash"), fmt.Sprintf("1.%d.0", i), asset("a", byte(i), 1))) })
			}
			all.Wait()
			f.read(func(r catalog.Reader) error {
				l, err := r.Versions(id, npm("lodash"), catalog.VersionFilter{}, catalog.Page{Limit: 100})
				want(t, "versions", len(l.Items), 64)
				return err
			})
		}},
		{"a_closed_store_refuses", func(t *testing.T, f *fixture) {
			f.domain("acme")
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if err := f.Read(ctx, func(catalog.Reader) error { return nil }); err == nil {
				t.Error("a closed store reads")
			}
			if err := f.Write(ctx, func(catalog.Writer) error { return nil }); err == nil {
				t.Error("a closed store writes")
			}
			if err := f.Close(); err != nil {
				t.Errorf("closing again: %v", err)
			}
		}},
	})
}

func testStamps(t *testing.T, open func(t *testing.T) catalog.Store) {
	f := &fixture{TB: t, Store: open(t)}
	d := f.domain("acme")
	id := f.repository(d, "team")
	key, second := npm("lodash"), npm("second")
	f.pack(id, key, second)
	f.publish(id, version(key, "0.0.1"))
	f.write(func(w catalog.Writer) error { return w.CreatePrincipal(catalog.Principal{ID: "p", ARN: "arn:p"}) })
	token := func(n byte) catalog.Token {
		return catalog.Token{Hash: catalog.TokenHash{n}, Domain: d, Principal: "p", ExpiresAt: moment(0)}
	}
	f.write(func(w catalog.Writer) error {
		if err := w.CreateToken(token(1)); err != nil {
			return err
		}
		return w.CreateToken(token(2))
	})
	h := catalog.Holder{Domain: d, Repository: id}
	var made catalog.DomainID
	var another catalog.RepositoryID
	domains, domain := catalog.DomainsTopic(), catalog.DomainTopic(d)
	packageTopics := []catalog.Topic{catalog.PackageTopic(d, key), catalog.RepositoryTopic(id, key.Format)}
	principals, tokens := catalog.PrincipalsTopic(), catalog.TokensTopic()
	principal, accessKey := catalog.PrincipalTopic("q"), catalog.AccessKeyTopic("k")
	for _, step := range []struct {
		verb    string
		touches []catalog.Topic
		do      func(w catalog.Writer) error
	}{
		{"CreateDomain", []catalog.Topic{domains}, func(w catalog.Writer) (err error) {
			made, err = w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: owner, Name: "made"}})
			return err
		}},
		{"DeleteDomain", []catalog.Topic{domains}, func(w catalog.Writer) error { return w.DeleteDomain(made) }},
		{"CreateRepository", []catalog.Topic{domain}, func(w catalog.Writer) (err error) {
			another, err = w.CreateRepository(catalog.Repository{Domain: d})
			return err
		}},
		{"UpdateRepository", []catalog.Topic{domain}, func(w catalog.Writer) error {
			return w.UpdateRepository(catalog.Repository{ID: another})
		}},
		{"DeleteRepository", []catalog.Topic{domain}, func(w catalog.Writer) error {
			return w.DeleteRepository(another)
		}},
		{"PutPolicy", []catalog.Topic{domain}, func(w catalog.Writer) error { return w.PutPolicy(h, catalog.Policy{}) }},
		{"DeletePolicy", []catalog.Topic{domain}, func(w catalog.Writer) error { return w.DeletePolicy(h) }},
		{"PutTags", []catalog.Topic{domain}, func(w catalog.Writer) error { return w.PutTags(h, map[string]string{"a": "b"}) }},
		{"DeleteTags", []catalog.Topic{domain}, func(w catalog.Writer) error { return w.DeleteTags(h, []string{"a"}) }},
		{"PutPackage", packageTopics, func(w catalog.Writer) error {
			return w.PutPackage(id, artifact.Package{PackageKey: key})
		}},
		{"DescribePackage", packageTopics, func(w catalog.Writer) error {
			return w.DescribePackage(id, key, "text")
		}},
		{"CreateVersion", packageTopics, func(w catalog.Writer) error {
			return w.CreateVersion(id, version(key, "1"))
		}},
		{"UpdateVersion", packageTopics, func(w catalog.Writer) error {
			return w.UpdateVersion(id, version(key, "1"))
		}},
		{"SetStatus", packageTopics, func(w catalog.Writer) error {
			return w.SetStatus(id, key.At("1"), artifact.Unlisted)
		}},
		{"DeleteVersion", packageTopics, func(w catalog.Writer) error { return w.DeleteVersion(id, key.At("1")) }},
		{"DeletePackage", packageTopics, func(w catalog.Writer) error { return w.DeletePackage(id, key) }},
		{"CreatePrincipal", []catalog.Topic{principal}, func(w catalog.Writer) error {
			return w.CreatePrincipal(catalog.Principal{ID: "q", ARN: "arn:q"})
		}},
		{"PutIdentityPolicy", []catalog.Topic{principal}, func(w catalog.Writer) error {
			return w.PutIdentityPolicy("q", catalog.IdentityPolicy{Name: "p"})
		}},
		{"DeleteIdentityPolicy", []catalog.Topic{principal}, func(w catalog.Writer) error {
			return w.DeleteIdentityPolicy("q", "p")
		}},
		{"CreateAccessKey", []catalog.Topic{accessKey, principal}, func(w catalog.Writer) error {
			return w.CreateAccessKey(catalog.AccessKey{ID: "k", Principal: "q"})
		}},
		{"SetAccessKeyActive", []catalog.Topic{accessKey, principal}, func(w catalog.Writer) error {
			return w.SetAccessKeyActive("k", true)
		}},
		{"DeleteAccessKey", []catalog.Topic{accessKey, principal}, func(w catalog.Writer) error { return w.DeleteAccessKey("k") }},
		{"DeleteToken", []catalog.Topic{catalog.TokenTopic(catalog.TokenHash{1})}, func(w catalog.Writer) error {
			return w.DeleteToken(catalog.TokenHash{1})
		}},
		{"DeleteTokensExpired", []catalog.Topic{catalog.TokenTopic(catalog.TokenHash{2})}, func(w catalog.Writer) error {
			_, err := w.DeleteTokensExpired(moment(1), 10)
			return err
		}},
		{"DeletePrincipal", []catalog.Topic{principal, principals, tokens}, func(w catalog.Writer) error {
			return w.DeletePrincipal("q")
		}},
		{"DeleteRepository_with_packages", []catalog.Topic{domain, catalog.PackageTopic(d, second),
			catalog.RepositoryTopic(id, artifact.NPM), catalog.RepositoryTopic(id, artifact.Maven)},
			func(w catalog.Writer) error { return w.DeleteRepository(id) }},
		{"DeleteDomain_with_tokens", []catalog.Topic{domains, domain, tokens},
			func(w catalog.Writer) error { return w.DeleteDomain(d) }},
	} {
		stamps := func() []catalog.Stamp {
			all := []catalog.Stamp{f.stamp(step.touches...)}
			for _, topic := range step.touches {
				all = append(all, f.stamp(topic))
			}
			return all
		}
		before := stamps()
		f.refused(artifact.Internal, func(w catalog.Writer) error {
			if err := step.do(w); err != nil {
				return err
			}
			return errOnPurpose
		})
		want(t, step.verb+" rolled back: stamps", stamps(), before)
		f.write(step.do)
		for i, after := range stamps() {
			if after == before[i] {
				t.Errorf("%s: stamp %d of %d did not change", step.verb, i, len(before))
			}
		}
	}

	t.Run("a_write_of_one_spares_most_others", func(t *testing.T) {
		f := &fixture{TB: t, Store: open(t)}
		d := f.domain("acme")
		f.write(func(w catalog.Writer) error {
			if err := w.CreatePrincipal(catalog.Principal{ID: "p", ARN: "arn:p"}); err != nil {
				return err
			}
			return w.CreateToken(catalog.Token{Hash: catalog.TokenHash{200}, Domain: d, Principal: "p"})
		})
		others := func() (stamps []catalog.Stamp) {
			for n := range byte(100) {
				stamps = append(stamps, f.stamp(catalog.PrincipalsTopic(), catalog.PrincipalTopic(fmt.Sprint("other", n))),
					f.stamp(catalog.PrincipalsTopic(), catalog.AccessKeyTopic(fmt.Sprint("other", n))),
					f.stamp(catalog.TokensTopic(), catalog.TokenTopic(catalog.TokenHash{n})))
			}
			return stamps
		}
		before := others()
		f.write(func(w catalog.Writer) error {
			if err := w.PutIdentityPolicy("p", catalog.IdentityPolicy{Name: "p"}); err != nil {
				return err
			}
			if err := w.CreateAccessKey(catalog.AccessKey{ID: "k", Principal: "p"}); err != nil {
				return err
			}
			return w.DeleteToken(catalog.TokenHash{200})
		})
		changed := 0
		for i, stamp := range others() {
			if stamp != before[i] {
				changed++
			}
		}
		if changed > len(before)/10 {
			t.Errorf("got %d of %d stamps of others changed, want a tenth at most", changed, len(before))
		}
	})

	t.Run("an_answer_under_a_stamp_never_misses_a_write_that_returned", func(t *testing.T) {
		f := &fixture{TB: t, Store: open(t)}
		d := f.domain("acme")
		var returned atomic.Int32 // how many repositories there are for certain
		var all sync.WaitGroup
		for writer := range 4 {
			all.Go(func() {
				for i := range 25 {
					f.repository(d, fmt.Sprintf("r%d-%d", writer, i))
					returned.Add(1)
				}
			})
		}
		for range 2 {
			all.Go(func() {
				var stamp catalog.Stamp
				kept := -1
				for returned.Load() < 100 {
					least := int(returned.Load())
					if now := f.stamp(catalog.DomainTopic(d)); kept < 0 || now != stamp {
						stamp = now
						f.read(func(r catalog.Reader) error {
							u, err := r.Usage(d)
							kept = u.Repositories
							return err
						})
					}
					if kept < least {
						t.Errorf("an answer that is good by its stamp has %d repositories of %d", kept, least)
						return
					}
				}
			})
		}
		all.Wait()
	})
}

// testHostileText puts what SQL, patterns and C strings treat apart into every text there is.
func testHostileText(t *testing.T, open func(t *testing.T) catalog.Store) {
	hostile := []string{"'", `"`, "%", "_", `\`, "\x00", "a\x00b", "a\x00c", "';DROP TABLE domains;--", "?", ":x", "é", "", " "}
	f := &fixture{TB: t, Store: open(t)}
	for i, text := range hostile {
		d := catalog.Domain{DomainKey: artifact.DomainKey{Owner: artifact.AccountID(text), Name: text}, EncryptionKey: text}
		r := catalog.Repository{RepositoryKey: artifact.RepositoryKey{Owner: artifact.AccountID(text), Domain: text, Name: text},
			Administrator: artifact.AccountID(text), Description: text, Connections: []string{text}}
		key := artifact.PackageKey{Format: artifact.Format(text), Namespace: text, Name: text}
		p := artifact.Package{PackageKey: key, Labels: map[string]string{text: text},
			Controls: artifact.Controls{Publish: artifact.Control(text), Upstream: artifact.Control(text)}}
		v := artifact.Version{VersionKey: key.At(text), Revision: text, Status: artifact.Status(text),
			Origin:   artifact.Origin{Type: artifact.OriginType(text), Repository: text, Connection: text},
			Manifest: []byte(text), Assets: []artifact.Asset{{Name: text}}, Details: artifact.Details{Summary: text}}
		principal := catalog.Principal{ID: text, ARN: text, Name: text, Account: artifact.AccountID(text)}
		identity := catalog.IdentityPolicy{Name: text, Document: text}
		accessKey := catalog.AccessKey{ID: text, Principal: text, Secret: []byte(text)}
		token := catalog.Token{Hash: catalog.TokenHash{byte(i)}, Principal: text}
		policy := catalog.Policy{Document: text, Revision: text}
		document := catalog.Document{DocumentKey: catalog.DocumentKey{Connection: text, Path: text}, ETag: text,
			LastModified: text, Form: text}
		event := catalog.Event{Kind: catalog.EventKind(text), RequestID: text, Account: text, Principal: text, Action: text,
			Resource: text, Detail: []byte(text)}
		f.write(func(w catalog.Writer) (err error) {
			if d.ID, err = w.CreateDomain(d); err != nil {
				return err
			}
			r.Domain, token.Domain = d.ID, d.ID
			if r.ID, err = w.CreateRepository(r); err != nil {
				return err
			}
			h := catalog.Holder{Domain: d.ID, Repository: r.ID}
			return errors.Join(w.PutPackage(r.ID, p), w.DescribePackage(r.ID, key, text), create(w, r.ID, v),
				w.CreatePrincipal(principal), w.PutIdentityPolicy(text, identity), w.CreateAccessKey(accessKey), w.CreateToken(token),
				w.PutPolicy(h, policy), w.PutTags(h, map[string]string{text: text}), w.PutDocument(document), w.Record(event))
		})
		f.read(func(rd catalog.Reader) error {
			what := fmt.Sprintf("%q", text)
			h := catalog.Holder{Domain: d.ID, Repository: r.ID}
			var errs []error
			check := func(err error) { errs = append(errs, err) }
			gotD, err := rd.Domain(d.DomainKey)
			check(err)
			want(t, what, gotD, d)
			gotR, err := rd.Repository(r.RepositoryKey)
			check(err)
			want(t, what, gotR, r)
			gotP, err := rd.Package(r.ID, key)
			check(err)
			want(t, what, gotP, p)
			gotV, err := rd.Version(r.ID, v.VersionKey)
			check(err)
			want(t, what, gotV, v)
			gotPrincipal, err := rd.PrincipalByARN(text)
			check(err)
			want(t, what, gotPrincipal, principal)
			gotIdentity, err := rd.IdentityPolicies(text)
			check(err)
			want(t, what, gotIdentity, []catalog.IdentityPolicy{identity})
			gotKeys, err := rd.AccessKeys(text)
			check(err)
			want(t, what, gotKeys, []catalog.AccessKey{accessKey})
			gotToken, err := rd.Token(token.Hash)
			check(err)
			want(t, what, gotToken, token)
			gotPolicy, err := rd.Policy(h)
			check(err)
			want(t, what, gotPolicy, policy)
			gotTags, err := rd.Tags(h)
			check(err)
			want(t, what, gotTags, map[string]string{text: text})
			gotDocument, err := rd.Document(document.DocumentKey)
			check(err)
			want(t, what, gotDocument, document)
			gotEvents, err := rd.Events(int64(0), 1000)
			check(err)
			last := gotEvents[len(gotEvents)-1]
			last.Sequence = 0
			want(t, what, last, event)
			repositories, err := rd.Repositories(catalog.RepositoryFilter{Domain: d.ID, NamePrefix: text}, catalog.Page{Limit: 9})
			check(err)
			want(t, what, len(repositories.Items), 1)
			packages, err := rd.Packages(r.ID, catalog.PackageFilter{Format: key.Format, NamespacePrefix: text, NamePrefix: text},
				catalog.Page{Limit: 9})
			check(err)
			want(t, what, len(packages.Items), 1)
			found, err := rd.SearchPackages([]catalog.RepositoryID{r.ID}, key.Format, []string{text}, catalog.Page{Limit: 9})
			check(err)
			want(t, what, found.Items, []artifact.PackageKey{key})
			return errors.Join(errs...)
		})
	}
}
