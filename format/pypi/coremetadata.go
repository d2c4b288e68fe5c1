package pypi

import (
	"context"
	"io"
	"strings"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/format"
	"entrepot/format/keptzip"
)

// coreRoom bounds the memory for metadata that was read out of wheels, in bytes.
const coreRoom = 16 << 20

// cores are the METADATA of wheels that are kept, by the wheels' digests: a resolver asks for those of many versions, and
// for the same ones as its neighbours. Whoever looks here has been let through to the wheel before.
type cores struct {
	read *bytecache.Cache[artifact.Digest, []byte]
}

func newCores() cores {
	return cores{bytecache.New[artifact.Digest](coreRoom, func(text []byte) int64 { return int64(len(text)) + 256 })}
}

// metadataOf returns the metadata that stands beside a file (PEP 658): out of the wheel where that is kept and says what
// was promised, else what its registry has. NotFound: none is offered.
func (c cores) metadataOf(ctx context.Context, s format.Shelf, v artifact.VersionKey, a artifact.Asset, facts fileFacts) ([]byte, error) {
	if facts.CoreMetadata == nil {
		return nil, notFound("No metadata is offered beside %s. Read it out of the file.", a.Name).
			About(artifact.AssetResource, v.String()+"/"+a.Name+metadataEnding)
	}
	if !a.Promised {
		text, err := c.coreOf(ctx, s, v, a)
		if err != nil || facts.describedBy(text) {
			return text, err
		}
	}
	return readAttachment(ctx, s, v, a.Name+metadataEnding)
}

// coreOf reads the METADATA out of a kept wheel; nil if there is none to be read.
func (c cores) coreOf(ctx context.Context, s format.Shelf, v artifact.VersionKey, a artifact.Asset) ([]byte, error) {
	if known, ok := c.read.Get(a.SHA256); ok {
		return known, nil
	}
	f, err := s.Open(ctx, v, a.Name)
	if err != nil {
		return nil, err
	}
	if f.Content == nil { // it was lost a moment ago, and is on its way again
		return nil, f.Transfer.Close()
	}
	defer f.Content.Close()
	text, err := readCore(f.Content, a.Size)
	if err != nil || text == nil {
		return nil, err
	}
	c.read.Put(a.SHA256, text)
	return text, nil
}

// readAttachment reads what a registry has beside a file.
func readAttachment(ctx context.Context, s format.Shelf, v artifact.VersionKey, name string) ([]byte, error) {
	body, err := s.Attachment(ctx, v, name)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// maxDirectory bounds what is read of a wheel in search of its METADATA, in bytes: mostly the directory at its end.
const maxDirectory = 64 << 20

// readCore reads the METADATA out of a wheel of size bytes, of any kind that a registry may have; nil if there is none, or
// none that can be read. Errors are those of content.
func readCore(content io.ReaderAt, size int64) ([]byte, error) {
	text, err := coreIn(content, size)
	if artifact.Is(err, artifact.Invalid) {
		return nil, nil
	}
	return text, err
}

func coreIn(content io.ReaderAt, size int64) ([]byte, error) {
	archive, err := keptzip.Open(content, size, maxDirectory)
	if err != nil {
		return nil, err
	}
	for _, f := range archive.File {
		if folder, name, _ := strings.Cut(f.Name, "/"); strings.HasSuffix(folder, ".dist-info") && name == "METADATA" {
			return archive.Read(f, maxMetadata)
		}
	}
	return nil, nil
}
