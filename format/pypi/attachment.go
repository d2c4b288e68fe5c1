package pypi

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"strings"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
	"entrepot/upstream"
)

// Endings of what stands beside a file, under the file's address (PEP 503, PEP 658); that of provenance is of our own
// making, for PEP 740 leaves the address to the registry. No file of its own ends so.
const (
	metadataEnding   = ".metadata"
	signatureEnding  = ".asc"
	provenanceEnding = ".provenance"
)

// sibling is a kind of what stands beside a file.
type sibling struct {
	ending      string
	contentType string
	max         int64 // bytes
	// offered says where the registry has it, and false if the registry does not offer it. below appends an ending to the
	// path of the file's address.
	offered func(f fileFacts, below func(ending string) string) (address string, ok bool)
	// regenerate reads what the registry sends, and refuses what is not what the facts promise.
	regenerate func(f fileFacts, text []byte) ([]byte, error)
}

var siblings = []sibling{
	{metadataEnding, "text/plain; charset=utf-8", maxMetadata, func(f fileFacts, below func(string) string) (string, bool) {
		return below(metadataEnding), f.CoreMetadata != nil
	}, proven},
	{signatureEnding, "application/pgp-signature", 64 << 10, func(f fileFacts, below func(string) string) (string, bool) {
		return below(signatureEnding), f.Signature != nil && *f.Signature
	}, asIs},
	{provenanceEnding, provenanceType, 4 << 20, func(f fileFacts, _ func(string) string) (string, bool) {
		return f.Provenance, f.Provenance != ""
	}, compacted},
}

// provenanceType is that of a provenance object (PEP 740).
const provenanceType = "application/vnd.pypi.integrity.v1+json"

// siblingOf splits the name of what stands beside a file from the file's; false for the name of a file itself.
func siblingOf(name string) (file string, kind sibling, ok bool) {
	for _, kind := range siblings {
		if file, ok := strings.CutSuffix(name, kind.ending); ok && file != "" {
			return file, kind, true
		}
	}
	return name, sibling{}, false
}

func isSibling(name string) bool {
	_, _, is := siblingOf(name)
	return is
}

// proven returns metadata that has the hash that was promised, if one was.
func proven(f fileFacts, text []byte) ([]byte, error) {
	if !f.describedBy(text) {
		return nil, fmt.Errorf("the metadata does not have the hash that the registry promises")
	}
	return text, nil
}

// describedBy reports whether a text can be the metadata whose hashes were promised.
func (f fileFacts) describedBy(text []byte) bool {
	d := artifact.NewDigester()
	_, _ = d.Write(text)
	got, _ := d.Sum()
	for algorithm, sum := range map[string][]byte{"md5": got.MD5[:], "sha1": got.SHA1[:], "sha256": got.SHA256[:],
		"sha512": got.SHA512[:]} {
		if want := f.CoreMetadata[algorithm]; want != "" && want != hex.EncodeToString(sum) {
			return false
		}
	}
	return f.CoreMetadata != nil
}

// asIs is for a signature, which is worth what its reader finds in it.
func asIs(_ fileFacts, text []byte) ([]byte, error) { return text, nil }

// compacted writes an object of JSON anew.
func compacted(_ fileFacts, text []byte) ([]byte, error) {
	all, err := jsonscan.SplitOutside(text)
	if err != nil {
		return nil, err
	}
	return all.Append(nil), nil
}

// Attachment follows repository.Source. The name of an attachment is that of a file with the ending of what stands beside
// it.
func (s *source) Attachment(ctx context.Context, v artifact.Version, name string) (io.ReadCloser, error) {
	file, kind, ok := siblingOf(name)
	a, listed := v.Asset(file)
	if !ok || !listed {
		return nil, noFile(v, name)
	}
	facts, err := factsOf(a)
	if err != nil {
		return nil, err
	}
	whole, err := s.address(v, facts)
	if err != nil {
		return nil, err
	}
	address, offered := kind.offered(facts, func(ending string) string { return withEnding(whole, ending) })
	if !offered {
		return nil, noFile(v, name)
	}
	if address, err = s.client.Resolve(s.connection, pageOf(v.PackageKey), address); err != nil {
		return nil, err
	}
	found, err := s.client.Document(ctx, upstream.DocumentRequest{
		Connection: s.connection,
		URL:        address,
		Max:        kind.max,
		Regenerate: func(dst io.Writer, src io.Reader) error {
			text, err := io.ReadAll(src)
			if err == nil {
				text, err = kind.regenerate(facts, text)
			}
			if err == nil {
				_, err = dst.Write(text)
			}
			return err
		},
		// What fits one promise does not fit another, should a registry change what it says.
		RegenerateVersion: attachmentForm + " " + promiseOf(facts),
	})
	if err != nil {
		return nil, err
	}
	return found.Open(ctx)
}

// attachmentForm is that in which attachments are kept; a change of it changes this.
const attachmentForm = "pypi sibling 1"

// promiseOf names what is promised about a file's metadata.
func promiseOf(f fileFacts) string {
	var b bytes.Buffer
	for _, algorithm := range []string{"md5", "sha1", "sha256", "sha512"} {
		b.WriteString(f.CoreMetadata[algorithm] + " ")
	}
	return b.String()
}

// withEnding appends to the path of an address, before its query.
func withEnding(address, ending string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address + ending
	}
	u.Path += ending
	if u.RawPath != "" {
		u.RawPath += ending
	}
	return u.String()
}
