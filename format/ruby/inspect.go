package ruby

import (
	"archive/tar"
	"bufio"
	"compress/flate"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"entrepot/format/stricttar"
	"entrepot/format/unpacked"

	"github.com/klauspost/compress/gzip"
)

// The entries of a gem (Gem::Package). Each may have a signature beside it.
const (
	metadataEntry  = "metadata.gz"
	dataEntry      = "data.tar.gz"
	checksumsEntry = "checksums.yaml.gz"
	signature      = ".sig"
)

// entryRoom bounds what each entry is unpacked to, in bytes; the data is bounded by the reader of tarballs.
const (
	maxChecksums = 64 << 10
	maxSignature = 64 << 10
)

func badGem(format string, args ...any) error {
	return invalid("The gem cannot be accepted: %s.", fmt.Sprintf(format, args...))
}

// inspect reads an uploaded gem of size bytes, and all that is in it. Invalid, naming the entry and the reason, for what two
// readers could see two things in, what leaves its folder when it is unpacked, and what is not what its checksums say.
func inspect(r io.ReaderAt, size int64) (specification, error) {
	archive, err := stricttar.Open(io.NewSectionReader(r, 0, size), size, outerLimits(size))
	if err != nil {
		return specification{}, err
	}
	if archive.Gzip {
		return specification{}, badGem("it is a tarball in gzip, and a gem is a bare one with gzip inside. Make it with gem build")
	}
	g := gemReader{sums: map[string]map[string]string{}}
	if err := archive.Each(g.entry); err != nil {
		return specification{}, err
	}
	return g.spec, g.finish()
}

// outerLimits bound the tarball that a gem is, which unpacks to itself.
func outerLimits(size int64) stricttar.Limits {
	limits := stricttar.Default
	limits.Entries, limits.Names, limits.Unpacked, limits.Free = 16, 4<<10, size, size
	return limits
}

// gemReader is a gem that is looked into.
type gemReader struct {
	seen      []string
	spec      specification
	checksums []byte
	sums      map[string]map[string]string // of entries by algorithm, in hex
}

func (g *gemReader) entry(e stricttar.Entry, contents io.Reader) error {
	if e.Kind != unpacked.File || slices.Contains(g.seen, e.Name) {
		return badGem("%.200q is no file, or is there twice", e.Name)
	}
	g.seen = append(g.seen, e.Name)
	all := sums{"SHA256": sha256.New(), "SHA512": sha512.New()}
	contents = io.TeeReader(contents, all)
	if err := g.read(e, contents); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, contents); err != nil {
		return err
	}
	g.sums[e.Name] = all.hex()
	return nil
}

func (g *gemReader) read(e stricttar.Entry, contents io.Reader) (err error) {
	switch base := strings.TrimSuffix(e.Name, signature); {
	case base != metadataEntry && base != dataEntry && base != checksumsEntry:
		return badGem("%.200q does not belong into a gem", e.Name)
	case base != e.Name:
		if e.Size > maxSignature {
			return badGem("%.200q is larger than %d bytes", e.Name, maxSignature)
		}
		return nil
	case base == dataEntry:
		return checkData(contents, e.Size)
	case base == checksumsEntry:
		g.checksums, err = gunzip(contents, e.Name, maxChecksums)
		return err
	}
	text, err := gunzip(contents, e.Name, maxYAML)
	if err == nil {
		g.spec, err = parseMetadata(text)
	}
	return err
}

// finish judges what only the whole gem tells.
func (g *gemReader) finish() error {
	for _, needed := range []string{metadataEntry, dataEntry} {
		if !slices.Contains(g.seen, needed) {
			return badGem("it has no %s", needed)
		}
	}
	signed := slices.Contains(g.seen, metadataEntry+signature) && slices.Contains(g.seen, dataEntry+signature)
	if g.spec.signed && !signed {
		return badGem("its metadata has certificates, and its entries no signatures, so nobody could install it")
	}
	return g.checkSums()
}

// checkSums compares the entries with what the gem itself says of them.
func (g *gemReader) checkSums() error {
	if g.checksums == nil {
		return nil // of before RubyGems 2.0
	}
	n, err := parseYAML(g.checksums)
	if err != nil {
		return err
	}
	for i, algorithm := range n.keys {
		for j, entry := range n.items[i].keys {
			want, _ := n.items[i].items[j].scalar()
			if got := g.sums[entry][algorithm]; got != "" && !strings.EqualFold(want, got) {
				return badGem("its %s says that %.200q has the %s %.200s, and it has %s", checksumsEntry, entry, algorithm, want, got)
			}
		}
	}
	return nil
}

// sums are hashes by the names that gems have for them.
type sums map[string]hash.Hash

func (s sums) Write(p []byte) (int, error) {
	for _, h := range s {
		if h != nil {
			h.Write(p) // never fails
		}
	}
	return len(p), nil
}

func (s sums) hex() map[string]string {
	all := map[string]string{}
	for name, h := range s {
		if h != nil {
			all[name] = hex.EncodeToString(h.Sum(nil))
		}
	}
	return all
}

// gunzip unpacks an entry of up to so many bytes. Of several members Ruby reads the first, others read all: there may be one.
func gunzip(contents io.Reader, name string, limit int) ([]byte, error) {
	in := bufio.NewReader(contents)
	unzipped, err := gzip.NewReader(in)
	if err != nil {
		return nil, unreadableEntry(err, name)
	}
	unzipped.Multistream(false)
	text, err := io.ReadAll(io.LimitReader(unzipped, int64(limit)+1))
	if err != nil {
		return nil, unreadableEntry(err, name)
	}
	if len(text) > limit {
		return nil, badGem("%.200q unpacks to more than %d bytes", name, limit)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return nil, badGem("bytes follow the end of %.200q", name)
	}
	return text, nil
}

func unreadableEntry(err error, name string) error {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	if corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) {
		return badGem("%.200q is no whole gzip stream", name)
	}
	return err
}

// checkData reads what a gem unpacks to. Installers unpack it into a folder of its own, and refuse what leads out of that.
func checkData(contents io.Reader, size int64) error {
	limits := stricttar.Default
	limits.OneMember = true
	archive, err := stricttar.Open(contents, size, limits)
	if err != nil {
		return err
	}
	if !archive.Gzip {
		return badGem("%q is no gzip stream", dataEntry)
	}
	var tree unpacked.Tree
	return archive.Each(func(e stricttar.Entry, _ io.Reader) error {
		name := strings.TrimPrefix(e.Name, "./")
		if strings.TrimSuffix(name, "/") == "" || name == "." {
			return nil // the folder itself
		}
		err := unpacked.Path(name)
		if err == nil {
			_, err = tree.Add(strings.TrimSuffix(name, "/"), e.Kind)
		}
		switch {
		case err != nil:
		case e.Hard:
			err = unpacked.Error("is a hard link, which gem does not unpack")
		case e.Kind == unpacked.Link:
			err = unpacked.Symlink(name, e.Target)
		}
		if err != nil {
			return badGem("%.200q in %s %s", e.Name, dataEntry, err)
		}
		return nil
	})
}

// readSpecification reads what a gem says about itself, wherever that stands in it, and nothing else. Errors other than Invalid
// are those of r.
func readSpecification(r io.Reader) (specification, error) {
	in := tar.NewReader(r)
	for range 16 {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return specification{}, badTar(err)
		}
		if h.Name != metadataEntry {
			continue
		}
		text, err := gunzip(in, h.Name, maxYAML)
		if err != nil {
			return specification{}, err
		}
		return parseMetadata(text)
	}
	return specification{}, badGem("it has no %s", metadataEntry)
}

// badTar words what is no tarball; other errors are those of whoever is read.
func badTar(err error) error {
	if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		return badGem("it is no tarball, or is cut off")
	}
	return err
}
