package catalogtest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

func testStamps(t *testing.T, open func(t *testing.T) catalog.Store) {
	everyVerbTouchesItsTopics(&fixture{TB: t, Store: open(t)})
	runRows(t, open, []row{
		{"a_write_of_one_spares_most_others", sparesOthers},
		{"an_answer_under_a_stamp_never_misses_a_write_that_returned", missesNothing},
	})
}

// everyVerbTouchesItsTopics goes through the verbs that change something, each rolled back and then done.
func everyVerbTouchesItsTopics(f *fixture) {
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
	group := catalog.PackageGroup{Domain: d, Pattern: "/*", Restrictions: restrictions()}
	remote := catalog.Remote{Domain: d, Name: "central"}
	var another catalog.RepositoryID
	domains, domain := catalog.DomainsTopic(), catalog.DomainTopic(d)
	packageTopics := []catalog.Topic{catalog.PackageTopic(d, key), catalog.RepositoryTopic(id, key.Format)}
	principals, tokens := catalog.PrincipalsTopic(), catalog.TokensTopic()
	principal, accessKey := catalog.PrincipalTopic("q"), catalog.AccessKeyTopic("k")
	encryption, targets := catalog.EncryptionKeyTopic("e"), catalog.EventTargetsTopic()
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
		{"CreatePackageGroup", []catalog.Topic{domain}, func(w catalog.Writer) (err error) {
			group.ID, err = w.CreatePackageGroup(group)
			return err
		}},
		{"UpdatePackageGroup", []catalog.Topic{domain}, func(w catalog.Writer) error { return w.UpdatePackageGroup(group) }},
		{"PutTags_of_a_group", []catalog.Topic{domain}, func(w catalog.Writer) error {
			return w.PutTags(catalog.Holder{Domain: d, Group: group.ID}, map[string]string{"a": "b"})
		}},
		{"DeletePackageGroup", []catalog.Topic{domain}, func(w catalog.Writer) error { return w.DeletePackageGroup(group.ID) }},
		{"CreateRemote", []catalog.Topic{domain}, func(w catalog.Writer) (err error) {
			remote.ID, err = w.CreateRemote(remote)
			return err
		}},
		{"UpdateRemote", []catalog.Topic{domain}, func(w catalog.Writer) error { return w.UpdateRemote(remote) }},
		{"DeleteRemote", []catalog.Topic{domain}, func(w catalog.Writer) error { return w.DeleteRemote(remote.ID) }},
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
		{"SetLabels", packageTopics, func(w catalog.Writer) error { return w.SetLabels(id, key.At("1"), "latest") }},
		{"DeleteLabel", packageTopics, func(w catalog.Writer) error { return w.DeleteLabel(id, key, "latest") }},
		{"DeleteVersion", packageTopics, func(w catalog.Writer) error { return w.DeleteVersion(id, key.At("1")) }},
		{"DeletePackage", packageTopics, func(w catalog.Writer) error { return w.DeletePackage(id, key) }},
		{"CreatePrincipal", []catalog.Topic{principal}, func(w catalog.Writer) error {
			return w.CreatePrincipal(catalog.Principal{ID: "q", Name: "q", ARN: "arn:q"})
		}},
		{"PutIdentityPolicy", []catalog.Topic{principal}, func(w catalog.Writer) error {
			return w.PutIdentityPolicy("q", catalog.IdentityPolicy{Name: "p"})
		}},
		{"DeleteIdentityPolicy", []catalog.Topic{principal}, func(w catalog.Writer) error {
			return w.DeleteIdentityPolicy("q", "p")
		}},
		{"UpdatePrincipal", []catalog.Topic{principal}, func(w catalog.Writer) error {
			return w.UpdatePrincipal(catalog.Principal{ID: "q", Name: "Q", ARN: "arn:q"})
		}},
		{"PutIdentityPolicy_of_a_group", []catalog.Topic{principals}, func(w catalog.Writer) error {
			return errors.Join(w.CreatePrincipal(crew), w.PutIdentityPolicy(crew.ID, catalog.IdentityPolicy{Name: "p"}))
		}},
		{"DeleteIdentityPolicy_of_a_group", []catalog.Topic{principals}, func(w catalog.Writer) error {
			return w.DeleteIdentityPolicy(crew.ID, "p")
		}},
		{"AddMember", []catalog.Topic{principal}, func(w catalog.Writer) error { return w.AddMember(crew.ID, "q") }},
		{"RemoveMember", []catalog.Topic{principal}, func(w catalog.Writer) error { return w.RemoveMember(crew.ID, "q") }},
		{"AttachPolicy", []catalog.Topic{principal}, func(w catalog.Writer) error {
			return errors.Join(w.CreateManagedPolicy(readers, ""), w.AttachPolicy("q", readers.ARN))
		}},
		{"CreateManagedVersion", []catalog.Topic{principals}, func(w catalog.Writer) error {
			_, err := w.CreateManagedVersion(readers.ARN, "", moment(0), true)
			return err
		}},
		{"SetDefaultVersion", []catalog.Topic{principals}, func(w catalog.Writer) error {
			return w.SetDefaultVersion(readers.ARN, 1, moment(0))
		}},
		{"DetachPolicy", []catalog.Topic{principal}, func(w catalog.Writer) error { return w.DetachPolicy("q", readers.ARN) }},
		{"AttachPolicy_to_a_group", []catalog.Topic{principals}, func(w catalog.Writer) error {
			return w.AttachPolicy(crew.ID, readers.ARN)
		}},
		{"DetachPolicy_from_a_group", []catalog.Topic{principals}, func(w catalog.Writer) error {
			return w.DetachPolicy(crew.ID, readers.ARN)
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
		{"CreateEncryptionKey", []catalog.Topic{encryption}, func(w catalog.Writer) error {
			return w.CreateEncryptionKey(catalog.EncryptionKey{ID: "e"})
		}},
		{"UpdateEncryptionKey", []catalog.Topic{encryption}, func(w catalog.Writer) error {
			return w.UpdateEncryptionKey(catalog.EncryptionKey{ID: "e", Enabled: true})
		}},
		{"RewrapDomain", []catalog.Topic{domain}, func(w catalog.Writer) error { return w.RewrapDomain(d, []byte("anew")) }},
		{"DeleteEncryptionKey", []catalog.Topic{encryption}, func(w catalog.Writer) error { return w.DeleteEncryptionKey("e") }},
		{"CreateOrganization", []catalog.Topic{principals, domain}, func(w catalog.Writer) error {
			return w.CreateOrganization(catalog.Organization{ID: "o", Management: owner})
		}},
		{"CreateAccount", []catalog.Topic{principals, domain}, func(w catalog.Writer) error {
			return w.CreateAccount(catalog.Account{ID: owner})
		}},
		{"UpdateAccount", []catalog.Topic{principals, domain}, func(w catalog.Writer) error {
			return w.UpdateAccount(catalog.Account{ID: owner, ClosedAt: moment(1)})
		}},
		{"DeleteOrganization", []catalog.Topic{principals, domain}, func(w catalog.Writer) error { return w.DeleteOrganization("o") }},
		{"Record", []catalog.Topic{catalog.VersionEventsTopic()}, func(w catalog.Writer) error {
			return w.Record(catalog.Event{Kind: catalog.VersionEvent})
		}},
		{"PutEventRule", []catalog.Topic{targets}, func(w catalog.Writer) error {
			return w.PutEventRule(catalog.EventRule{Account: owner, Name: "r"})
		}},
		{"DeleteEventRule", []catalog.Topic{targets}, func(w catalog.Writer) error { return w.DeleteEventRule(owner, "r") }},
		{"PutEventTarget", []catalog.Topic{targets}, func(w catalog.Writer) error {
			return w.PutEventTarget(catalog.EventTarget{Name: "t"})
		}},
		{"DeleteEventTarget", []catalog.Topic{targets}, func(w catalog.Writer) error { return w.DeleteEventTarget("t") }},
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
		want(f, step.verb+" rolled back: stamps", stamps(), before)
		f.write(step.do)
		for i, after := range stamps() {
			if after == before[i] {
				f.Errorf("%s: stamp %d of %d did not change", step.verb, i, len(before))
			}
		}
	}
}

func sparesOthers(t *testing.T, f *fixture) {
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
}

func missesNothing(t *testing.T, f *fixture) {
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
}
