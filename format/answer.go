package format

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"net/http"
)

// Answer is a small answer that is made on the spot: a checksum, a line of text, a JSON object.
type Answer struct {
	Status      int // default 200
	ContentType string
	Freshness   Freshness // default Revalidate
	Body        []byte
}

// ServeAnswer writes an answer with its length, to HEAD without its body. What is read, by GET or HEAD with 200, has an
// entity tag, and a client that has it already gets 304. An error wraps http.ErrAbortHandler: the answer broke off.
func ServeAnswer(w http.ResponseWriter, r *http.Request, a Answer) error {
	status := cmp.Or(a.Status, http.StatusOK)
	h := w.Header()
	h["Cache-Control"] = []string{string(cmp.Or(a.Freshness, Revalidate))}
	if status == http.StatusOK && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		sum := sha256.Sum256(a.Body)
		etag := quotedHex(sum[:len(sum)/2])
		h["Etag"] = []string{etag}
		if matches(r.Header.Get("If-None-Match"), etag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h["Content-Type"] = []string{a.ContentType}
	return writeWhole(w, r, status, a.Body)
}

// ServeJSON answers with v in JSON. An error that does not wrap http.ErrAbortHandler says that v cannot be written so.
func ServeJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return ServeAnswer(w, r, Answer{Status: status, ContentType: "application/json", Body: body})
}
