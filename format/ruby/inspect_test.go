package ruby

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// linkIn is a tarball with a link.
func linkIn(t testing.TB, name, target string, kind byte) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	err := w.WriteHeader(&tar.Header{Name: name, Linkname: target, Typeflag: kind, Mode: 0o777})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGemsThatMisleadAreRefused(t *testing.T) {
	text := metadataText("demo", "1.0.0", "")
	metadata, data := entry{metadataEntry, zipped(t, text)}, entry{dataEntry, zipped(t, tarOf(t, entry{"lib/demo.rb", "1"}))}
	gem := func(entries ...entry) string { return tarOf(t, entries...) }
	with := func(inner string) string { return gem(metadata, entry{dataEntry, zipped(t, inner)}) }
	signed := strings.Replace(text, "cert_chain: []", "cert_chain:\n- |\n  certificate", 1)
	damaged := []byte(metadata.content)
	damaged[10] = 0xff // a block of a kind that there is not, behind the header of ten bytes
	for name, c := range map[string]struct{ content, want string }{
		"no metadata":                  {gem(data), "it has no metadata.gz"},
		"no data":                      {gem(metadata), "it has no data.tar.gz"},
		"metadata twice":               {gem(metadata, data, metadata), "is there twice"},
		"another entry":                {gem(metadata, data, entry{"evil", ""}), `"evil" does not belong into a gem`},
		"a folder":                     {gem(metadata, data, entry{"lib/", ""}), "is no file"},
		"a tarball in gzip":            {zipped(t, gem(metadata, data)), "no tarball"},
		"metadata that is no gzip":     {gem(entry{metadataEntry, text}, data), "is no whole gzip stream"},
		"metadata that is damaged":     {gem(entry{metadataEntry, string(damaged)}, data), "is no whole gzip stream"},
		"metadata of two members":      {gem(entry{metadataEntry, zipped(t, text) + zipped(t, "x")}, data), "bytes follow the end"},
		"data of two members":          {gem(metadata, entry{dataEntry, data.content + data.content}), "several members"},
		"data that is no gzip":         {gem(metadata, entry{dataEntry, tarOf(t, entry{"a", "1"})}), "is no gzip stream"},
		"data that is no tarball":      {with("hello"), "is not readable"},
		"a path that leads out":        {with(tarOf(t, entry{"../evil", "1"})), "leads out"},
		"an absolute path":             {with(tarOf(t, entry{"/etc/evil", "1"})), "leads out"},
		"a link that leads out":        {with(linkIn(t, "lib/l", "../../evil", tar.TypeSymlink)), "is a link out"},
		"a hard link":                  {with(linkIn(t, "lib/l", "lib/demo.rb", tar.TypeLink)), "is a hard link"},
		"a device":                     {with(linkIn(t, "lib/l", "", tar.TypeChar)), "device"},
		"certificates, no signature":   {gem(entry{metadataEntry, zipped(t, signed)}, data), "no signatures"},
		"a checksum of something else": {gem(metadata, data, entry{checksumsEntry, zipped(t, "---\nSHA256:\n  data.tar.gz: 00\n")}), "has the SHA256 00"},
		"a name that is another gem's": {gemOfText(t, metadataText("demo", "1.0", "odd-2")), "reads as the name of another gem"},
		"a reserved name":              {gemOfText(t, metadataText("demo.json", "1.0", "")), "ends as a file's does"},
		"cut off":                      {gemOfText(t, text)[:300], "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			w := s.Must(http.StatusBadRequest, s.Do("POST", "api/v1/gems", c.content))
			if !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("got %s, want %q in it", w.Body, c.want)
			}
		})
	}
}

func TestASignedGemIsKeptAsItIs(t *testing.T) {
	signed := strings.Replace(metadataText("demo", "1.0.0", ""), "cert_chain: []", "cert_chain:\n- |\n  certificate", 1)
	data := zipped(t, tarOf(t, entry{"lib/demo.rb", "1"}))
	content := tarOf(t, entry{metadataEntry, zipped(t, signed)}, entry{metadataEntry + signature, "s"}, entry{dataEntry, data},
		entry{dataEntry + signature, "s"}, entry{checksumsEntry, zipped(t, "---\nSHA256:\n  data.tar.gz: "+sha256Of(data)+"\n")},
		entry{checksumsEntry + signature, "s"})
	s := newSite(t)
	s.Must(http.StatusOK, s.Do("POST", "api/v1/gems", content))
	if s.Get("gems/demo-1.0.0.gem") != content {
		t.Error("the gem has changed")
	}
}

// Before RubyGems 2.0 the data came first, and there were no checksums.
func TestAGemOfOldIsTaken(t *testing.T) {
	s := newSite(t)
	content := tarOf(t, entry{dataEntry, zipped(t, tarOf(t, entry{"lib/demo.rb", "1"}))}, entry{metadataEntry, zipped(t, ofOld)})
	s.Must(http.StatusOK, s.Do("POST", "api/v1/gems", content))
	if s.Get("gems/demo-0.8.2-x86-mswin32-60.gem") != content {
		t.Error("the gem has changed")
	}
	var noise bytes.Buffer
	w, _ := gzip.NewWriterLevel(&noise, gzip.NoCompression)
	_, _ = fmt.Fprint(w, tarOf(t, entry{"lib/demo.rb", strings.Repeat("x", maxHead)}))
	_ = w.Close()
	late := tarOf(t, entry{dataEntry, noise.String()}, entry{metadataEntry, zipped(t, ofOld)})
	if w := s.Must(http.StatusBadRequest, s.Do("POST", "api/v1/gems", late)); !strings.Contains(w.Body.String(), "Build it anew") {
		t.Errorf("got %s", w.Body)
	}
}
