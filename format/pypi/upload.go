package pypi

import (
	"context"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// postRoot takes what clients send to the repository's own address: an upload, or the call of pip search.
func postRoot(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if isXML(r) {
		return refuseCall(w, r, s)
	}
	return upload(w, r, s)
}

// postIndex takes what clients send to the index: pip search, and an upload that was configured with its address.
func postIndex(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if isXML(r) {
		return refuseCall(w, r, s)
	}
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	return format.WithStatus(http.StatusMethodNotAllowed,
		invalid("Uploads go to the repository's own address, which ends before simple/."))
}

// upload takes one file of a version. The same bytes again are a success, because clients try again after an error and have
// no way to ask; other bytes under a name that is there are a conflict.
func upload(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	asked := false
	form, err := readForm(r, func(ctx context.Context, project string) (*repository.Upload, error) {
		p, err := parseName(project)
		if err != nil {
			return nil, err
		}
		asked = true
		if err := s.MayPublish(ctx, p); err != nil {
			return nil, err
		}
		return s.Stage(ctx)
	})
	defer form.discard()
	if err == nil && form.upload == nil {
		err = invalid("The upload has no file: a part called content with a file name.")
	}
	if err != nil && !asked {
		return format.OrDenied(r.Context(), s, err) // nobody who may not come in is told what is wrong
	}
	if err != nil {
		return err
	}
	p, err := form.publication()
	if err != nil {
		return err
	}
	beside, err := form.stageBeside(r.Context(), s)
	defer beside.discard()
	if err != nil {
		return err
	}
	p.Assets = append(p.Assets, beside...)
	if _, err := s.Publish(r.Context(), p); err != nil {
		return err
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: "text/plain; charset=utf-8"})
}

// publication checks the form against the file and makes what is to be published. What resolvers read is taken from the
// file, so that the index never promises another one than is installed.
func (f *uploadForm) publication() (repository.Publication, error) {
	none := repository.Publication{}
	if action := f.first(":action"); action != "" && action != "file_upload" {
		return none, invalid("The action %.100q is not supported here: only file_upload is.", action)
	}
	if protocol := f.first("protocol_version"); protocol != "" && protocol != "1" {
		return none, invalid("The upload is of protocol version %.40q; the one that is known is 1.", protocol)
	}
	if err := f.checkDigests(); err != nil {
		return none, err
	}
	named, err := parseFilename(f.file, f.first("name"))
	if err != nil {
		return none, err
	}
	if kind := f.first("filetype"); kind != "" && kind != string(named.kind) && named.kind != otherKind {
		return none, invalid("The form says that %s is a %.100q, its name says %q.", f.file, kind, named.kind)
	}
	_, size := f.upload.Sum()
	found, err := inspect(f.upload, size, named)
	if err != nil {
		return none, err
	}
	if err := found.checkEnding(f.file); err != nil {
		return none, err
	}
	if err := f.checkAgainst(found.metadata); err != nil {
		return none, err
	}
	p, err := parseName(found.metadata.name)
	if err != nil {
		return none, err
	}
	if _, err := parseVersion(found.metadata.version); err != nil {
		return none, err
	}
	details := describe(found.metadata)
	return repository.Publication{
		VersionKey: p.At(strings.TrimSpace(found.metadata.version)),
		Manifest:   ownManifest,
		Details:    details,
		Merge:      func(held artifact.Version) ([]byte, artifact.Details, error) { return merge(held, named.kind, details) },
		Assets:     []repository.StagedAsset{{Name: f.file, Facts: f.facts(found).encode(), Upload: f.upload}},
	}, nil
}

// ownManifest is that of a version that was published here: all that is said is said about its files.
var ownManifest = externalManifest

// merge returns what is told of a version after a file of the kind has come to it: what the first wheel says, for it is what
// gets installed; before there is one, what the first source distribution says.
func merge(held artifact.Version, kind distributionKind, details artifact.Details) ([]byte, artifact.Details, error) {
	if kind == wheelKind && !keeps(held, wheelKind) {
		return held.Manifest, details, nil
	}
	return held.Manifest, held.Details, nil
}

// facts are what pages will say about the file. A source distribution of old may lack what its form says.
func (f *uploadForm) facts(found inspected) fileFacts {
	facts := fileFacts{RequiresPython: found.metadata.requiresPython}
	if facts.RequiresPython == "" && found.core == nil {
		facts.RequiresPython = short(f.first("requires_python"))
	}
	if found.core != nil {
		digester := artifact.NewDigester()
		_, _ = digester.Write(found.core) // never fails
		sums, _ := digester.Sum()
		facts.CoreMetadata = map[string]string{"sha256": sums.SHA256.String()}
	}
	return facts
}

// md5Pattern is that of a hash in hex: old documentation has md5_digest in base64, and clients that follow it are not told
// that they are wrong.
var md5Pattern = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

// checkDigests compares every digest that the client sends with what came.
func (f *uploadForm) checkDigests() error {
	got, _ := f.upload.Sum()
	for _, digest := range []struct {
		field, name string
		sum         []byte
	}{
		{"sha256_digest", "SHA-256", got.SHA256[:]},
		{"md5_digest", "MD5", got.MD5[:]},
		{"blake2_256_digest", "BLAKE2b-256", f.blake2.Sum(nil)},
	} {
		want := f.first(digest.field)
		if want == "" || digest.field == "md5_digest" && !md5Pattern.MatchString(want) {
			continue
		}
		if sum := hex.EncodeToString(digest.sum); !strings.EqualFold(want, sum) {
			return invalid("The file that came has the %s %s, the form says %.200s. Upload it again.", digest.name, sum, want)
		}
	}
	return nil
}

// checkAgainst compares what the form says with the file's own metadata. Spaces, quotes and brackets make no difference,
// nor does what a form leaves out, or an old source distribution does.
func (f *uploadForm) checkAgainst(m metadata) error {
	if name := f.first("name"); name != "" && normalName(name) != normalName(m.name) {
		return disagree("name", name, m.name)
	}
	if version := f.first("version"); version != "" && !sameVersion(version, m.version) {
		return disagree("version", version, m.version)
	}
	if python := f.first("requires_python"); python != "" && m.requiresPython != "" && plainText(python) != plainText(m.requiresPython) {
		return disagree("Requires-Python", python, m.requiresPython)
	}
	said, inside := plainTexts(f.fields["requires_dist"]), plainTexts(m.requiresDist)
	if len(said) > 0 && len(inside) > 0 && !slices.Equal(said, inside) {
		return disagree("Requires-Dist", strings.Join(f.fields["requires_dist"], "; "), strings.Join(m.requiresDist, "; "))
	}
	return nil
}

func disagree(what, form, file string) error {
	return invalid("The form says %s %.300q, the metadata in the file %.300q. Build the file anew and upload it.", what, form, file)
}

var plainer = strings.NewReplacer(" ", "", "\t", "", "(", "", ")", "", "'", `"`, "_", "-", ".", "-")

func plainText(text string) string { return strings.ToLower(plainer.Replace(text)) }

func plainTexts(all []string) []string {
	plain := make([]string, 0, len(all))
	for _, text := range all {
		plain = append(plain, plainText(text))
	}
	slices.Sort(plain)
	return slices.Compact(plain)
}
