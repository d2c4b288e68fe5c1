package npm

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// zeroIntegrity is well-formed, and no bytes have it.
var zeroIntegrity = "sha512-" + base64.StdEncoding.EncodeToString(make([]byte, 64))

func base64Of(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }

func TestOneOfTheStrongestHashesIsEnough(t *testing.T) {
	content := []byte("content")
	digester := artifact.NewDigester()
	_, _ = digester.Write(content)
	sum, _ := digester.Sum()
	weak, medium := sha1.Sum(content), sha256.Sum256(content)
	right1, right256 := "sha1-"+base64Of(weak[:]), "sha256-"+base64Of(medium[:])
	wrong := sri([]byte("another"))
	for _, row := range []struct {
		sri  string
		fits bool
	}{
		{sri(content), true},
		{wrong + " " + sri(content), true},
		{sri(content) + "  " + wrong + "?x", true},
		{sri(content) + " sha1-" + base64Of(make([]byte, 20)), true},
		{wrong + " " + right1, false},
		{zeroIntegrity, false},
		{zeroIntegrity + " " + right1 + " " + right256, false},
		{zeroIntegrity + " " + sri(content), true},
		{right1, true},
		{right256 + " sha1-" + base64Of(make([]byte, 20)), true},
		{"sha384-" + base64Of(make([]byte, 48)) + " " + right256, true},
		{"md5-" + base64Of(sum.MD5[:]), true},
		{"sha512-AAAA " + right1, true}, // which is no SHA-512
		{"sha512-AAAA", false},
		{"", false}, {"sha512", false}, {"crc-AAAA", false},
	} {
		if got := meets(row.sri, sum); got != row.fits {
			t.Errorf("%s: got %v, want %v", row.sri, got, row.fits)
		}
	}
}

func TestWhatARegistryPromisesIsWanted(t *testing.T) {
	one, two := sri([]byte("1.0.0")), sri([]byte("another"))
	sha1Of := shasum([]byte("1.0.0"))
	for _, row := range []struct {
		name string
		dist object
		kept bool
	}{
		{"one of two", object{"integrity": two + " " + one}, true},
		{"the other of two", object{"integrity": one + " " + two}, true},
		{"none of two", object{"integrity": two + " " + sri([]byte("third"))}, false},
		{"a right one and a weaker that is wrong", object{"integrity": one, "shasum": shasum([]byte("x"))}, true},
		{"zeros, and a weaker that is right", object{"integrity": zeroIntegrity, "shasum": sha1Of}, false},
		{"zeros for a shasum", object{"shasum": strings.Repeat("0", 40)}, false},
		{"a shasum alone", object{"shasum": sha1Of}, true},
		{"a malformed one, and a weaker that is right", object{"integrity": "sha512-!!!", "shasum": sha1Of}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newOutside(t, &seekable{})
			doc := registry("bar", "1.0.0")
			row.dist["tarball"] = o.address + "/registry/bar/-/bar-1.0.0.tgz"
			dig(doc, "versions", "1.0.0").(object)["dist"] = row.dist
			o.serve(t, doc)
			content, err := o.fetch(t, "1.0.0")
			if (err == nil) != row.kept || row.kept && content != "1.0.0" {
				t.Errorf("got %q, %v, want it kept: %v", content, err, row.kept)
			}
		})
	}
}

func TestSeveralHashesOfOneKindPromiseNoneAlone(t *testing.T) {
	dist, err := jsonscan.Split([]byte(text(t, object{"integrity": sri([]byte("a")) + " " + sri([]byte("b")),
		"shasum": shasum([]byte("a"))})))
	if err != nil {
		t.Fatal(err)
	}
	if d := promised(dist); d.SHA512 != [64]byte{} || d.SHA1 != sha1.Sum([]byte("a")) {
		t.Errorf("got %x and %x", d.SHA512, d.SHA1)
	}
}

func TestPublishTakesATarballThatHasOneOfSeveralHashes(t *testing.T) {
	s := newSite(t)
	packageJSON := object{"name": "bar", "version": "1.0.0"}
	doc := putOf("bar", "1.0.0", "latest", packed(t, packageJSON, nil), packageJSON, func(doc object) {
		dist := dig(doc, "versions", "1.0.0", "dist").(object)
		dist["integrity"] = dist["integrity"].(string) + " " + sri([]byte("another"))
	})
	s.Must(http.StatusCreated, s.Do("PUT", "bar", text(t, doc)))
}
