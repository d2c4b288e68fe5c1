package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/bench/servers"
)

// zipped compresses a text.
func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWhatAServerHasIsLearnedOnceItIsRight(t *testing.T) {
	packed := zipped(t, "right")
	rows := []struct {
		name           string
		item           item
		status         int
		body, encoding string
		copies         bool   // the server serves files with what ours answered, which was ours
		ours           string // what ours answered
		want           string // of the error; empty for none
	}{
		{"right", item{}, 200, "right", "", false, "", ""},
		{"right and compressed", item{gzip: true}, 200, packed, "gzip", true, packed, ""},
		{"wrong", item{}, 200, "wrong", "", false, "", "other bytes"},
		{"not there", item{}, 404, "", "", false, "", "status 404"},
		{"missing, as it should", item{missing: true}, 404, "", "", false, "", ""},
		{"there, and should be missing", item{missing: true}, 200, "right", "", false, "", "status 200"},
		{"a copy that is another", item{}, 200, "right", "", true, "left", "not the same"},
		{"a copy that is not compressed", item{gzip: true}, 200, "right", "", true, packed, "Content-Encoding"},
		{"another server need not compress", item{gzip: true, at: map[string]string{"other": "/there"}},
			200, "right", "", false, "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if row.encoding != "" {
					w.Header().Set("Content-Encoding", row.encoding)
				}
				w.Header().Set("Etag", `"tag"`)
				w.WriteHeader(row.status)
				_, _ = io.WriteString(w, row.body)
			}))
			t.Cleanup(server.Close)
			l := &lab{entrepot: &servers.Entrepot{}, contenders: map[string]*contender{}}
			i := row.item
			i.file, i.check = "file", same([]byte("right"))
			s := &section{lab: l, protocol: &npm, team: "/team/", items: map[string]*item{i.file: &i}}
			l.sections = []*section{s}
			l.contend(ours, nil, "").served[i.file] = served{sum: sha256.Sum256([]byte(row.ours))}
			name := ours
			if row.copies || i.at != nil {
				name = "other"
			}
			c := l.contend(name, nil, strings.TrimPrefix(server.URL, "http://"))
			c.copies = row.copies

			err := l.learn(t.Context(), c, nil)
			if row.want != "" {
				if err == nil || !strings.Contains(err.Error(), row.want) {
					t.Fatalf("got %v, want an error with %q", err, row.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, ok := c.served[i.file]
			want := served{int64(len(row.body)), sha256.Sum256([]byte(row.body)), `"tag"`}
			if ok == i.missing || ok && got != want {
				t.Errorf("learned %+v, %v", got, ok)
			}
		})
	}
}
