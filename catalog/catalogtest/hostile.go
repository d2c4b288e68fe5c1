package catalogtest

import (
	"errors"
	"fmt"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

// testHostileText puts what SQL, patterns and C strings treat apart into every text there is.
func testHostileText(t *testing.T, open func(t *testing.T) catalog.Store) {
	hostile := []string{"'", `"`, "%", "_", `\`, "\x00", "a\x00b", "a\x00c", "';DROP TABLE domains;--", "?", ":x", "é", "", " "}
	f := &fixture{TB: t, Store: open(t)}
	for i, text := range hostile {
		d := catalog.Domain{DomainKey: artifact.DomainKey{Owner: artifact.AccountID(text), Name: text}, EncryptionKey: text, WrappedUnder: text}
		r := catalog.Repository{RepositoryKey: artifact.RepositoryKey{Owner: artifact.AccountID(text), Domain: text, Name: text},
			Administrator: artifact.AccountID(text), Description: text, Connections: []string{text}}
		key := artifact.PackageKey{Format: artifact.Format(text), Namespace: text, Name: text}
		p := artifact.Package{PackageKey: key,
			Controls: artifact.Controls{Publish: artifact.Control(text), Upstream: artifact.Control(text)}}
		v := artifact.Version{VersionKey: key.At(text), Revision: text, Status: artifact.Status(text),
			Origin:   artifact.Origin{Type: artifact.OriginType(text), Repository: text, Connection: text},
			Manifest: []byte(text), Assets: []artifact.Asset{{Name: text}}, Details: artifact.Details{Summary: text}}
		principal := catalog.Principal{ID: text, ARN: text, Name: text, Account: artifact.AccountID(text),
			Kind: catalog.PrincipalKind(text), Path: text, Tags: map[string]string{text: text}}
		managed := catalog.ManagedPolicy{ID: text, ARN: text, Name: text, Account: artifact.AccountID(text), Path: text,
			Description: text, Default: 1, Tags: map[string]string{text: text}}
		identity := catalog.IdentityPolicy{Name: text, Document: text}
		accessKey := catalog.AccessKey{ID: text, Principal: text, Secret: []byte(text)}
		token := catalog.Token{Hash: catalog.TokenHash{byte(i)}, Principal: text}
		group := catalog.PackageGroup{Pattern: text, ContactInfo: text, Description: text,
			Restrictions: map[artifact.RestrictionType]catalog.Restriction{}}
		for _, restriction := range artifact.RestrictionTypes() {
			group.Restrictions[restriction] = catalog.Restriction{Mode: artifact.RestrictionMode(text)}
		}
		remote := catalog.Remote{Name: text, Kind: catalog.RemoteKind(text), URL: text, Format: artifact.Format(text), Region: text, API: text,
			DownloadHosts: []string{text}, Certificates: text, Credential: []byte("-" + text)}
		encryption := catalog.EncryptionKey{ID: text, Account: artifact.AccountID(text), Description: text, Policy: text,
			Material: []byte(text), Tags: map[string]string{text: text}}
		alias := catalog.KeyAlias{Account: artifact.AccountID(text), Name: text, Key: text}
		policy := catalog.Policy{Document: text, Revision: text}
		document := catalog.Document{DocumentKey: catalog.DocumentKey{Connection: text, Path: text}, ETag: text,
			LastModified: text, Form: text}
		event := catalog.Event{Kind: catalog.EventKind(text), RequestID: text, Account: text, Owner: text, Administrator: text,
			Principal: text, Action: text, Resource: text, Detail: []byte(text), Call: []byte(text)}
		f.write(func(w catalog.Writer) (err error) {
			if d.ID, err = w.CreateDomain(d); err != nil {
				return err
			}
			r.Domain, token.Domain = d.ID, d.ID
			if r.ID, err = w.CreateRepository(r); err != nil {
				return err
			}
			group.Domain = d.ID
			if group.ID, err = w.CreatePackageGroup(group); err != nil {
				return err
			}
			remote.Domain = d.ID
			if remote.ID, err = w.CreateRemote(remote); err != nil {
				return err
			}
			h := catalog.Holder{Domain: d.ID, Repository: r.ID}
			return errors.Join(w.PutTags(catalog.Holder{Domain: d.ID, Group: group.ID}, map[string]string{text: text}),
				w.PutPackage(r.ID, p), w.DescribePackage(r.ID, key, text), create(w, r.ID, v),
				w.SetLabels(r.ID, v.VersionKey, text), w.CreatePrincipal(principal),
				w.PutIdentityPolicy(text, identity), w.CreateManagedPolicy(managed, text), w.AttachPolicy(text, text),
				w.SetAccountAlias(artifact.AccountID(text), text), w.CreateAccessKey(accessKey), w.CreateToken(token),
				w.CreateEncryptionKey(encryption), w.CreateKeyAlias(alias),
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
			gotLabel, err := rd.Label(r.ID, key, text)
			check(err)
			want(t, what, gotLabel, text)
			gotPrincipal, err := rd.PrincipalByARN(text)
			check(err)
			want(t, what, gotPrincipal, principal)
			gotIdentity, err := rd.IdentityPolicies(text)
			check(err)
			want(t, what, gotIdentity, []catalog.IdentityPolicy{identity})
			gotManaged, err := rd.AttachedPolicies(text)
			check(err)
			want(t, what, gotManaged, []catalog.ManagedPolicy{managed})
			gotForce, err := rd.PoliciesInForce(text)
			check(err)
			want(t, what, gotForce, []catalog.PolicyInForce{{Holder: text, Name: text, Document: text},
				{Holder: text, Name: text, ARN: text, Document: text}})
			gotAlias, err := rd.AccountAlias(artifact.AccountID(text))
			check(err)
			want(t, what, gotAlias, text)
			gotKeys, err := rd.AccessKeys(text)
			check(err)
			want(t, what, gotKeys, []catalog.AccessKey{accessKey})
			gotToken, err := rd.Token(token.Hash)
			check(err)
			want(t, what, gotToken, token)
			gotEncryption, err := rd.EncryptionKey(text)
			check(err)
			want(t, what, gotEncryption, encryption)
			gotKeyAlias, err := rd.KeyAlias(artifact.AccountID(text), text)
			check(err)
			want(t, what, gotKeyAlias, alias)
			gotPolicy, err := rd.Policy(h)
			check(err)
			want(t, what, gotPolicy, policy)
			gotTags, err := rd.Tags(h)
			check(err)
			want(t, what, gotTags, map[string]string{text: text})
			gotGroup, err := rd.PackageGroup(d.ID, text)
			check(err)
			want(t, what, gotGroup, group)
			gotRemote, err := rd.Remote(d.ID, text)
			check(err)
			want(t, what, gotRemote, remote)
			gotTags, err = rd.Tags(catalog.Holder{Domain: d.ID, Group: group.ID})
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
