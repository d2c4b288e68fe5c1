package format_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"entrepot/artifact"
	"entrepot/format"
)

const twoParts = "--x\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n1=3D1\r\n" +
	"--x\r\nContent-Disposition: form-data; name=\"b\"; filename=\"b.zip\"\r\n\r\nbytes\r\n--x--\r\n"

// partsOf reads a form, and returns its parts in a text.
func partsOf(body io.Reader, contentType string, most int) (string, error) {
	r := httptest.NewRequest("PUT", "/", body)
	r.Header.Set("Content-Type", contentType)
	var got []string
	err := format.EachPart(r, most, func(p format.Part) error {
		text, err := io.ReadAll(p)
		got = append(got, p.Name+"/"+p.File+"="+string(text))
		return err
	})
	return strings.Join(got, " "), err
}

func TestPartsOfAFormComeAsTheyWereSent(t *testing.T) {
	for _, contentType := range []string{"multipart/form-data; boundary=x", `multipart/form-data;boundary="x"`} {
		got, err := partsOf(strings.NewReader(twoParts), contentType, 2)
		if want := "a/=1=3D1 b/b.zip=bytes"; err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", contentType, got, err, want)
		}
	}
}

func TestABadFormIsInvalidAndABodyThatFailsIsNot(t *testing.T) {
	const form = "multipart/form-data; boundary=x"
	failed := errors.New("the connection was reset")
	for name, c := range map[string]struct {
		body        io.Reader
		contentType string
		most        int
		status      int
		err         error
	}{
		"no form":             {strings.NewReader(twoParts), "application/octet-stream", 9, 400, nil},
		"no boundary":         {strings.NewReader(twoParts), "multipart/form-data", 9, 400, nil},
		"nothing in it":       {strings.NewReader(""), form, 9, 400, nil},
		"cut in a header":     {strings.NewReader(twoParts[:20]), form, 9, 400, nil},
		"cut in a part":       {strings.NewReader(twoParts[:len(twoParts)-10]), form, 9, 400, nil},
		"cut in a later head": {strings.NewReader(twoParts[:len(twoParts)-30]), form, 9, 400, nil},
		"cut before a head":   {strings.NewReader(twoParts[:strings.LastIndex(twoParts, "Content")]), form, 9, 400, nil},
		"a part without name": {strings.NewReader("--x\r\nContent-Disposition: form-data; =\r\n\r\n--x--"), form, 9, 400, nil},
		"too many parts":      {strings.NewReader(twoParts), form, 1, 413, nil},
		"a broken body":       {io.MultiReader(strings.NewReader(twoParts[:60]), iotest.ErrReader(failed)), form, 9, 500, failed},
		"broken in a part":    {io.MultiReader(strings.NewReader(twoParts[:150]), iotest.ErrReader(failed)), form, 9, 500, failed},
	} {
		_, err := partsOf(c.body, c.contentType, c.most)
		if got := format.FailureOf(err).Status; err == nil || got != c.status || c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("%s: got %d, %v, want %d", name, got, err, c.status)
		}
		if c.status == 400 && !artifact.Is(err, artifact.Invalid) {
			t.Errorf("%s: got %v, want it to be Invalid", name, err)
		}
	}
}

func TestTheErrorOfWhoTakesAPartComesBack(t *testing.T) {
	refused := errors.New("refused")
	r := httptest.NewRequest("PUT", "/", strings.NewReader(twoParts))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	if err := format.EachPart(r, 9, func(format.Part) error { return refused }); err != refused {
		t.Errorf("got %v, want what was returned", err)
	}
}

// net/http closes a connection on which a client waited to be told to go on, and a rest of the body was left.
func TestWhatFollowsAFormIsRead(t *testing.T) {
	body := strings.NewReader(twoParts + strings.Repeat("-", 20<<10))
	if got, err := partsOf(body, "multipart/form-data; boundary=x", 2); err != nil || body.Len() != 0 {
		t.Errorf("got %q, %v, and %d bytes are left", got, err, body.Len())
	}
}
