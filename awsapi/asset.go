package awsapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

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
}

func (a *API) getPackageVersionAsset(ctx context.Context, c iam.Caller,
	in *getPackageVersionAssetInput) (*download, error) {
	f, err := a.rules.Asset(ctx, c, in.key(), in.version(), in.Asset, in.PackageVersionRevision)
	if err != nil {
		return nil, err
	}
	if f.Content == nil {
		if f.Transfer != nil {
			_ = f.Transfer.Close()
		}
		return nil, errors.New("the rules gave an asset that is not kept to the API, which never looks upstream")
	}
	return &download{f.Content, f.Name, f.Version.Version, f.Version.Revision, f.Size}, nil
}

// firstBytes are read before the answer begins, so that an asset that cannot be read at all is an error to the client
// and not a broken connection.
const firstBytes = 32 << 10

// send streams an asset. It never redirects: SDKs do not follow. When reading fails on the way the connection is
// broken, for a client must not take what it has for the whole.
func (a *API) send(w http.ResponseWriter, r *http.Request, d *download) {
	defer d.Asset.Close()
	first := make([]byte, min(firstBytes, d.size))
	if _, err := io.ReadFull(d.Asset, first); err != nil {
		a.Fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("X-AssetName", d.AssetName)
	h.Set("X-PackageVersion", d.PackageVersion)
	h.Set("X-PackageVersionRevision", d.PackageVersionRevision)
	h.Set("Content-Type", "application/octet-stream")
	h.Set("X-Content-Type-Options", "nosniff")
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
	if err == nil || read.failed {
		a.Logger.ErrorContext(r.Context(), "broke off asset "+d.AssetName, "error", err, "sent_bytes", sent+int64(len(first)),
			"size_bytes", d.size, "request_id", h.Get(RequestIDHeader))
	}
	panic(http.ErrAbortHandler)
}

// reader remembers whether reading failed, to tell a damaged asset from a client that went away.
type reader struct {
	io.Reader
	failed bool
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.failed = r.failed || err != nil && !errors.Is(err, io.EOF)
	return n, err
}
