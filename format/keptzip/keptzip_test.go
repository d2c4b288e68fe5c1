package keptzip

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"entrepot/artifact"
)

// zipped is an archive with one file.
func zipped(t testing.TB, name, content string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err == nil {
		_, err = io.WriteString(w, content)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// failing fails wherever it is read before the end of its directory.
type failing struct {
	io.ReaderAt
	below int64
	err   error
}

func (f failing) ReadAt(p []byte, at int64) (int, error) {
	if at < f.below {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(p, at)
}

func TestAFileOfAnArchiveIsRead(t *testing.T) {
	content := zipped(t, "a.txt", "hello")
	a, err := Open(bytes.NewReader(content), int64(len(content)), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Read(a.File[0], 5); string(got) != "hello" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := a.Read(a.File[0], 4); !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), "larger than 4 bytes") {
		t.Errorf("got %q, %v, want it refused as too large", got, err)
	}
}

func TestWhatIsWrongWithAnArchiveIsNotWhatIsWrongWithItsSource(t *testing.T) {
	content := zipped(t, "a.txt", strings.Repeat("x", 1000))
	size, failed := int64(len(content)), errors.New("the disk is gone")
	damaged := bytes.Clone(content)
	damaged[100] ^= 1
	for name, c := range map[string]struct {
		r    io.ReaderAt
		most int64
		kind artifact.Kind
		says string
	}{
		"no archive":             {bytes.NewReader(make([]byte, size)), 1 << 20, artifact.Invalid, "cannot be read"},
		"a damaged file":         {bytes.NewReader(damaged), 1 << 20, artifact.Invalid, "checksum"},
		"too much":               {bytes.NewReader(content), 1500, artifact.Invalid, "too much of it"},
		"a source that fails":    {failing{nil, size, failed}, 1 << 20, artifact.Internal, "the disk is gone"},
		"one that fails later":   {failing{bytes.NewReader(content), 500, failed}, 1 << 20, artifact.Internal, "the disk is gone"},
		"a directory before all": {bytes.NewReader(before(content)), 1 << 20, artifact.Invalid, "cannot be read"},
	} {
		a, err := Open(c.r, size, c.most)
		if err == nil {
			_, err = a.Read(a.File[0], 1<<10)
		}
		if artifact.KindOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %v and %q", name, err, c.kind, c.says)
		}
	}
}

// before says that the directory begins where there is nothing.
func before(content []byte) []byte {
	content = bytes.Clone(content)
	end := len(content) - 22 // the record at the end, without a comment (APPNOTE 4.3.16)
	copy(content[end+16:], "\xf0\xff\xff\x7f")
	return content
}

func FuzzRead(f *testing.F) {
	content := zipped(f, "a.txt", "hello")
	f.Add(content)
	f.Add(content[:len(content)-1])
	f.Add(before(content))
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := Open(bytes.NewReader(content), int64(len(content)), 1<<20)
		if err == nil {
			for _, file := range a.File[:min(len(a.File), 10)] {
				var text []byte
				if text, err = a.Read(file, 1<<10); len(text) > 1<<10 {
					t.Errorf("got %d bytes", len(text))
				}
			}
		}
		if err != nil && !artifact.Is(err, artifact.Invalid) {
			t.Errorf("got %v", err)
		}
	})
}
