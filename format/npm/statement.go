package npm

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// statement is an in-toto statement: what is said, and about which bytes.
type statement struct {
	predicateType string
	subjects      []subject
}

type subject struct{ name, sha512 string }

// statementOf reads the statement out of a sigstore bundle, a compact JSON object, as far as a registry must: a DSSE
// envelope around an in-toto statement. A bundle that has none, such as a signature of bytes, gives found=false. Whose
// signature it bears is for the one who installs to judge; this server has no roots of trust for it.
func statementOf(bundle []byte) (s statement, found bool, err error) {
	all, err := splitObject(bundle)
	if err != nil {
		return s, false, err
	}
	value := all.Find("dsseEnvelope")
	if value == nil {
		return s, false, nil
	}
	envelope, err := splitObject(value)
	if err != nil {
		return s, false, fmt.Errorf("its dsseEnvelope is not usable: %w", err)
	}
	if kind, _ := envelope.Text("payloadType"); !strings.HasPrefix(kind, "application/vnd.in-toto") {
		return s, false, nil
	}
	encoded, _ := envelope.Text("payload")
	payload, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return s, true, errors.New("its payload is not base64")
	}
	if s, err = readStatement(payload); err != nil {
		return s, true, fmt.Errorf("its statement is not usable: %w", err)
	}
	return s, true, nil
}

func readStatement(payload []byte) (s statement, err error) {
	scan := jsonscan.Over(payload)
	err = scan.Object(func(key string) (err error) {
		switch key {
		case "predicateType":
			s.predicateType, err = scan.Text(jsonscan.MaxKey)
		case "subject":
			err = scan.Array(func() error {
				one, err := readSubject(scan)
				s.subjects = append(s.subjects, one)
				return err
			})
		default:
			err = scan.Skip()
		}
		return err
	})
	if err == nil {
		err = scan.Finish()
	}
	return s, err
}

func readSubject(scan *jsonscan.Scanner) (one subject, err error) {
	digest := func(algorithm string) (err error) {
		if algorithm != "sha512" {
			return scan.Skip()
		}
		one.sha512, err = scan.Text(jsonscan.MaxKey)
		return err
	}
	err = scan.Object(func(key string) (err error) {
		switch key {
		case "name":
			one.name, err = scan.Text(jsonscan.MaxKey)
		case "digest":
			err = scan.Object(digest)
		default:
			err = scan.Skip()
		}
		return err
	})
	return one, err
}

// ofBytes reports whether the statement is about bytes with these digests.
func (s statement) ofBytes(d artifact.Digests) bool {
	want := hex.EncodeToString(d.SHA512[:])
	return slices.ContainsFunc(s.subjects, func(one subject) bool { return strings.EqualFold(one.sha512, want) })
}

// ofVersion reports whether the statement is about a version, given as @scope/name@version. Subjects are named by
// package URLs (package-url, type npm), in which one may escape more or less. A statement without subjects says nothing
// and fits.
func (s statement) ofVersion(spec string) bool {
	return len(s.subjects) == 0 || slices.ContainsFunc(s.subjects, func(one subject) bool {
		plain, err := url.PathUnescape(one.name)
		return err == nil && plain == "pkg:npm/"+spec
	})
}
