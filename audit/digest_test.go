package audit

import (
	"bytes"
	"crypto/ed25519"
	"reflect"
	"strings"
	"testing"
	"time"
)

var (
	testKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	public  = testKey.Public().(ed25519.PublicKey)
	hour22  = time.Date(2026, 11, 29, 22, 0, 0, 0, time.UTC)
)

func digest() Digest {
	return Digest{Start: hour22, End: hour22.Add(time.Hour), After: 3, Last: 9, Previous: Hash([]byte("before")),
		Log: &Log{Name: LogName(hour22), Size: 17, Hash: Hash([]byte("records")), Records: 6}}
}

func TestADigestIsReadAsItWasSigned(t *testing.T) {
	for _, d := range []Digest{digest(), {Start: hour22, End: hour22.Add(time.Second)}} {
		got, err := ParseDigest(d.Encode(testKey), public)
		if err != nil || !reflect.DeepEqual(got, d) {
			t.Errorf("got %+v, %v, want %+v", got, err, d)
		}
	}
}

func TestNotOneByteOfADigestCanBeAnother(t *testing.T) {
	file := digest().Encode(testKey)
	for i := range file {
		for _, b := range []byte{file[i] ^ 1, file[i] ^ 0x20, ' ', '\n', '"', 0} {
			changed := bytes.Clone(file)
			if changed[i] == b {
				continue
			}
			changed[i] = b
			if d, err := ParseDigest(changed, public); err == nil {
				t.Errorf("byte %d is %q and not %q: got %+v", i, b, file[i], d)
			}
		}
		if d, err := ParseDigest(file[:i], public); err == nil {
			t.Errorf("the first %d bytes: got %+v", i, d)
		}
	}
	for name, changed := range map[string][]byte{
		"another line":    append(bytes.Clone(file), "{}\n"...),
		"a longer file":   append(bytes.Clone(file), strings.Repeat(" ", maxDigest)...),
		"another's key":   digest().Encode(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))),
		"two signatures":  bytes.Replace(file, []byte(`"}`+"\n"), []byte(`","signature":"x"}`+"\n"), 1),
		"no period":       Digest{Start: hour22, End: hour22}.Encode(testKey),
		"events backward": Digest{Start: hour22, End: hour22.Add(1), After: 2, Last: 1}.Encode(testKey),
		"another log":     Digest{Start: hour22, End: hour22.Add(1), Log: &Log{Name: "../../secret"}}.Encode(testKey),
	} {
		if d, err := ParseDigest(changed, public); err == nil {
			t.Errorf("%s: got %+v", name, d)
		}
	}
	if _, err := ParseDigest(file, nil); err == nil {
		t.Error("it is read without a key")
	}
}

func TestNamesAreOfTimes(t *testing.T) {
	if got := Day(hour22) + "/" + DigestName(hour22); got != "2026/11/29/2026-11-29T220000Z.digest.json" {
		t.Errorf("got %s", got)
	}
	for name, want := range map[string]bool{DigestName(hour22): true, LogName(hour22): false, "2026-11-29T220000Z.json": false,
		"2026-11-29T220000.5Z.digest.json": false, ".digest.json": false, "x" + DigestName(hour22): false} {
		if got := IsDigest(name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestAKeyIsReadAsItIsPrinted(t *testing.T) {
	got, err := PublicKey(KeyText(public) + "\n")
	if err != nil || !got.Equal(public) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, not := range []string{"", "key", KeyText(public)[:40], KeyText(public[:31])} {
		if _, err := PublicKey(not); err == nil {
			t.Errorf("%q is a key", not)
		}
	}
}

func FuzzParseDigest(f *testing.F) {
	f.Add(digest().Encode(testKey))
	f.Add(Digest{Start: hour22, End: hour22.Add(time.Hour)}.Encode(testKey))
	f.Add([]byte("{}\n{\"signature\":\"\"}\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := ParseDigest(file, public)
		if err == nil && !bytes.Equal(d.Encode(testKey), file) {
			t.Errorf("%q is read as %+v, which is written otherwise", file, d)
		}
	})
}
