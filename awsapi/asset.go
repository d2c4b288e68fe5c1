package awsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"entrepot/iam"
)

type getPackageVersionAssetInput struct {
	ofVersion
	Asset                  string `query:"asset" is:"AssetName,required"`
	PackageVersionRevision string `query:"revision" is:"PackageVersionRevision"`
}

// download is the one output that is no JSON: the asset's bytes, with three members in headers.
type download struct {
	Asset                  io.ReadCloser `payload:"asset"`
	AssetName              string        `header:"X-AssetName"`
	PackageVersion         string        `header:"X-PackageVersion"`
	PackageVersionRevision string        `header:"X-PackageVersionRevision"`
	size                   int64
	etag                   string
	modified               time.Time
}

func (a *API) getPackageVersionAsset(ctx context.Context, c iam.Caller,
	in *getPackageVersionAssetInput) (*download, error) {
	f, err := a.rules.Asset(ctx, c, in.key(), in.version(), in.Asset, in.PackageVersionRevision)
	if err != nil {
		return nil, err
	}
	return &download{f.Content, f.Name, f.Version.Version, f.Version.Revision, f.Size, `"` + f.SHA256.String() + `"`,
		f.Modified}, nil
}

// firstBytes are read before the answer begins, so that an asset that cannot be read at all is an error to the client
// and not a broken connection.
const firstBytes = 32 << 10

// send streams an asset. It never redirects: SDKs do not follow. When reading fails on the way the connection is
// broken, for a client must not take what it has for the whole.
func (a *API) send(w http.ResponseWriter, r *http.Request, d *download) {
	defer d.Asset.Close()
	h := w.Header()
	h.Set("X-AssetName", headerText(d.AssetName))
	h.Set("X-PackageVersion", headerText(d.PackageVersion))
	h.Set("X-PackageVersionRevision", d.PackageVersionRevision)
	h.Set("Content-Type", "application/octet-stream")
	// What packages hold is not ours: a browser must neither guess at it nor run it on this origin.
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", "attachment")
	h.Set("Cache-Control", "private, max-age=0")
	h.Set("Etag", d.etag)
	if seekable, ok := d.Asset.(io.ReadSeeker); ok && r.Header.Get("Range") != "" {
		a.sendRange(w, r, d, seekable)
		return
	}
	first := make([]byte, min(firstBytes, d.size))
	if _, err := io.ReadFull(d.Asset, first); err != nil {
		id := h.Get(RequestIDHeader)
		clear(h)
		h.Set(RequestIDHeader, id)
		a.Fail(w, r, err)
		return
	}
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Length", strconv.FormatInt(d.size, 10))
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(first); err != nil {
		return
	}
	read := &reader{Reader: io.LimitReader(d.Asset, d.size-int64(len(first)))}
	sent, err := io.Copy(w, read)
	if sent == d.size-int64(len(first)) {
		return
	}
	if err == nil || read.failed != nil {
		a.brokeOff(w, r, d, err)
	}
	panic(http.ErrAbortHandler)
}

// sendRange answers with the part that is asked for, or 416 (RFC 9110 §14).
func (a *API) sendRange(w http.ResponseWriter, r *http.Request, d *download, asset io.ReadSeeker) {
	read := &reader{Reader: asset}
	http.ServeContent(w, r, "", d.modified, struct {
		io.Reader
		io.Seeker
	}{read, asset})
	if read.failed != nil {
		a.brokeOff(w, r, d, read.failed)
		panic(http.ErrAbortHandler)
	}
}

func (a *API) brokeOff(w http.ResponseWriter, r *http.Request, d *download, err error) {
	a.Logger.ErrorContext(r.Context(), "broke off asset "+d.AssetName, "error", err, "size_bytes", d.size,
		"request_id", w.Header().Get(RequestIDHeader))
}

// reader remembers why reading failed, to tell a damaged asset from a client that went away.
type reader struct {
	io.Reader
	failed error
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.failed = err
	}
	return n, err
}

// headerText writes a name into a header, where only visible ASCII is safe: other bytes, and the percent sign where there
// are any, are percent-encoded.
func headerText(name string) string {
	plain := func(b byte) bool { return b >= 0x20 && b <= 0x7e }
	odd := slices.ContainsFunc([]byte(name), func(b byte) bool { return !plain(b) })
	if !odd {
		return name
	}
	var text strings.Builder
	for i := range len(name) {
		if b := name[i]; plain(b) && b != '%' {
			text.WriteByte(b)
		} else {
			fmt.Fprintf(&text, "%%%02X", b)
		}
	}
	return text.String()
}
