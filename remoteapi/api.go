// Package remoteapi asks another service with this API what the protocols of package managers do not tell: with which status a
// repository there holds a version, and whether it was made inside. And it reads what is there through the API alone, as generic
// packages are.
//
// All requests go through an upstream.Client, which signs them, bounds them, remembers what they brought and answers it when the other
// side does not.
package remoteapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/strictjson"
	"entrepot/upstream"
)

// API is a repository of another service, as its API tells of it.
type API struct {
	client     *upstream.Client
	connection string // whose origin is the service's address, and signs
	at         upstream.Endpoint
	lists      *Lists
}

// Lists keeps lists of versions as they were read, by the IDs of the documents that they were read from. All remotes share
// one: domains have many remotes, and whoever is at the other side of one says how long its lists are.
type Lists struct {
	*bytecache.Cache[string, *held]
}

// NewLists makes room for so many bytes of lists.
func NewLists(room int64) *Lists { return &Lists{bytecache.New[string](room, (*held).cost)} }

// New tells of a repository. The connection's origin is the address of the API, and its authorizer signs.
func New(c *upstream.Client, connection string, at upstream.Endpoint, lists *Lists) *API {
	return &API{c, connection, at, lists}
}

// Bounds of what the API answers.
const (
	maxPage     = 8 << 20 // bytes
	maxPages    = 60      // of a list: more versions than a package may have
	pageSize    = 1000
	maxText     = 1 << 10 // bytes of a name, a status or a digest
	maxNextPage = 8000    // bytes of a token
)

// query has the parameters of a call about a package of the repository.
func (a *API) query(p artifact.PackageKey, more ...string) string {
	q := url.Values{"domain": {a.at.Domain.Name}, "domain-owner": {string(a.at.Domain.Owner)}, "repository": {a.at.Repository},
		"format": {string(p.Format)}, "package": {p.Name}}
	if p.Namespace != "" {
		q.Set("namespace", p.Namespace)
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			q.Set(more[i], more[i+1])
		}
	}
	return strings.ReplaceAll(q.Encode(), "+", "%20") // as a signature has it
}

// held are the versions that a repository holds, by their texts.
type held struct {
	id       string
	order    []string
	statuses map[string]artifact.Status
}

// digest names the content, whatever pages it came in.
func (h *held) digest() string {
	sum := sha256.New()
	for _, version := range h.order {
		fmt.Fprintf(sum, "%s %s\n", version, h.statuses[version]) // a version has no space in it
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// cost is about how many bytes they take in memory.
func (h *held) cost() int64 {
	const each, all = 96, 256
	bytes := int64(all + len(h.id))
	for _, version := range h.order {
		bytes += int64(each + len(version))
	}
	return bytes
}

// withheld are those that are held with a status that does not serve them.
func (h *held) withheld() []string {
	var all []string
	for _, version := range h.order {
		if !h.statuses[version].Downloadable() {
			all = append(all, version)
		}
	}
	return all
}

// page is one page of a list, as it is kept.
type page struct {
	Items []item `json:"items"`
	Next  string `json:"next,omitempty"`
}

// item is a version with its status, or an asset.
type item struct {
	Name   string            `json:"name"`
	Status artifact.Status   `json:"status,omitempty"`
	Size   int64             `json:"size,omitempty"`
	Hashes map[string]string `json:"hashes,omitempty"`
}

// versions lists what the repository holds of a package. NotFound if it holds nothing; upstream.ErrRefused is beneath the error of a
// caller who may not ask.
func (a *API) versions(ctx context.Context, p artifact.PackageKey, fresh bool) (*held, error) {
	pages, id, err := a.list(ctx, "v1/package/versions", "versions 1", regenerateVersions, fresh, func(next string) string {
		return a.query(p, "max-results", fmt.Sprint(pageSize), "next-token", next)
	})
	if err != nil {
		return nil, err
	}
	if known, ok := a.lists.Get(id); ok {
		return known, nil
	}
	h := &held{statuses: map[string]artifact.Status{}}
	for _, one := range pages {
		var read page
		if err := json.Unmarshal(one, &read); err != nil {
			return nil, fmt.Errorf("read what was kept of the versions of %s: %w", p.Qualified(), err)
		}
		for _, v := range read.Items {
			if _, twice := h.statuses[v.Name]; !twice {
				h.order = append(h.order, v.Name)
			}
			h.statuses[v.Name] = v.Status
		}
	}
	h.id = h.digest()
	a.lists.Put(id, h)
	return h, nil
}

// assets lists the assets of a version.
func (a *API) assets(ctx context.Context, v artifact.VersionKey) ([]artifact.Asset, error) {
	pages, _, err := a.list(ctx, "v1/package/version/assets", "assets 1", regenerateAssets, false, func(next string) string {
		return a.query(v.PackageKey, "version", v.Version, "max-results", fmt.Sprint(pageSize), "next-token", next)
	})
	if err != nil {
		return nil, err
	}
	var all []artifact.Asset
	for _, one := range pages {
		var read page
		if err := json.Unmarshal(one, &read); err != nil {
			return nil, fmt.Errorf("read what was kept of the assets of %s: %w", v, err)
		}
		for _, listed := range read.Items {
			asset := artifact.Asset{Name: listed.Name, Size: listed.Size, Promised: true}
			if asset.Digests, err = digestsOf(listed.Hashes); err != nil {
				return nil, err
			}
			all = append(all, asset)
		}
	}
	return all, nil
}

// list reads the pages of a list, as they are kept, and an ID that changes with any of them. A page is kept by its number: a service
// may word its tokens anew with each answer, and what was kept by them would be there for good. One that was asked for by another token
// is no part of this list.
func (a *API) list(ctx context.Context, path, form string, regenerate func(io.Writer, io.Reader) error, fresh bool,
	query func(next string) string) (pages [][]byte, id string, err error) {
	ask := a.client.Document
	if fresh {
		ask = a.client.Refresh
	}
	next := ""
	for number := range maxPages {
		req := upstream.DocumentRequest{Connection: a.connection, Method: http.MethodPost, Path: path + "?" + query(next),
			Accept: "application/json", Max: maxPage, Regenerate: regenerate, RegenerateVersion: form}
		if number > 0 {
			req.KeptAs = fmt.Sprintf("%s?%s&page=%d", path, query(""), number+1)
			sum := sha256.Sum256([]byte(next))
			req.RegenerateVersion += " after " + hex.EncodeToString(sum[:])
			req.Essential = fmt.Sprintf("page %d of a list", number+1) // a list that ends in its middle says nothing of the rest
		}
		d, err := ask(ctx, req)
		if err != nil {
			return nil, "", err
		}
		body, err := d.ReadAll(ctx)
		if err != nil {
			return nil, "", err
		}
		pages, id = append(pages, body), id+d.ID+" "
		var read struct {
			Next string `json:"next"`
		}
		if err := json.Unmarshal(body, &read); err != nil {
			return nil, "", fmt.Errorf("read a kept page: %w", err)
		}
		if next = read.Next; next == "" {
			return pages, id, nil
		}
	}
	return nil, "", artifact.Errorf(artifact.Unavailable, "A list of %s has more than %d pages.", a.at.Repository, maxPages)
}

// Described is what the API says of one version.
type Described struct {
	Origin    artifact.OriginType
	Published time.Time // zero if it does not say
}

// describe tells of a version that the repository holds by now.
func (a *API) describe(ctx context.Context, v artifact.VersionKey) (told Described, err error) {
	d, err := a.client.Refresh(ctx, upstream.DocumentRequest{Connection: a.connection,
		Path: "v1/package/version?" + a.query(v.PackageKey, "version", v.Version), Accept: "application/json", Max: maxPage,
		Regenerate: regenerateVersion, RegenerateVersion: "version 1"})
	if err != nil {
		return told, err
	}
	body, err := d.ReadAll(ctx)
	if err != nil {
		return told, err
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return told, fmt.Errorf("read what was kept of %s: %w", v, err)
	}
	return told, nil
}

// rules are how strictly answers are read.
var rules = strictjson.Rules{Size: maxPage, Depth: 16, Keys: 64}

// parse reads an answer of the API.
func parse(src io.Reader) (*strictjson.Value, error) {
	body, err := io.ReadAll(io.LimitReader(src, maxPage+1))
	if err != nil {
		return nil, err
	}
	doc, err := strictjson.Parse(body, rules)
	if err != nil {
		return nil, err
	}
	if doc.Kind != strictjson.Object {
		return nil, errors.New("the answer is no object")
	}
	return doc, nil
}

// text is a member that is a string; empty if there is none.
func text(of *strictjson.Value, name string) (string, error) {
	m := of.Member(name)
	switch {
	case m == nil || m.Kind == strictjson.Null:
		return "", nil
	case m.Kind != strictjson.Text || len(m.Text) > maxNextPage:
		return "", fmt.Errorf("%s is no text, or has no end", name)
	}
	return m.Text, nil
}

// items yields the objects of a list.
func items(doc *strictjson.Value, name string, each func(*strictjson.Value) error) error {
	list := doc.Member(name)
	if list == nil || list.Kind != strictjson.List {
		return fmt.Errorf("the answer has no %s", name)
	}
	for _, one := range list.Members {
		if one.Kind != strictjson.Object {
			return fmt.Errorf("one of %s is no object", name)
		}
		if err := each(one); err != nil {
			return err
		}
	}
	return nil
}

// regenerateVersions writes a page of ListPackageVersions as it is kept.
func regenerateVersions(dst io.Writer, src io.Reader) error {
	return regenerate(dst, src, "versions", func(v *strictjson.Value) (item, error) {
		name, err := text(v, "version")
		status, err2 := text(v, "status")
		if err := errors.Join(err, err2); err != nil {
			return item{}, err
		}
		if !artifact.ValidCoordinate(name) || len(name) > maxText || !artifact.Status(status).Valid() {
			return item{}, fmt.Errorf("version %.100q has the status %.100q", name, status)
		}
		return item{Name: name, Status: artifact.Status(status)}, nil
	})
}

// regenerateAssets writes a page of ListPackageVersionAssets as it is kept.
func regenerateAssets(dst io.Writer, src io.Reader) error {
	return regenerate(dst, src, "assets", func(v *strictjson.Value) (item, error) {
		name, err := text(v, "name")
		if err != nil || name == "" || len(name) > maxText {
			return item{}, errors.Join(err, errors.New("an asset has no name"))
		}
		one := item{Name: name, Hashes: map[string]string{}}
		if size := v.Member("size"); size != nil && size.Kind == strictjson.Number {
			if one.Size, err = json.Number(size.Text).Int64(); err != nil || one.Size < 0 {
				return item{}, fmt.Errorf("asset %.100q has %.100s bytes", name, size.Text)
			}
		}
		hashes := v.Member("hashes")
		if hashes == nil || hashes.Kind != strictjson.Object {
			return one, nil
		}
		for _, h := range hashes.Members {
			if h.Kind != strictjson.Text || len(h.Text) > maxText {
				return item{}, fmt.Errorf("asset %.100q has a digest that is none", name)
			}
			one.Hashes[h.Name] = h.Text
		}
		_, err = digestsOf(one.Hashes)
		return one, err
	})
}

func regenerate(dst io.Writer, src io.Reader, name string, each func(*strictjson.Value) (item, error)) error {
	doc, err := parse(src)
	if err != nil {
		return err
	}
	kept := page{Items: []item{}}
	err = items(doc, name, func(v *strictjson.Value) error {
		if len(kept.Items) == pageSize {
			return fmt.Errorf("a page has more than the %d %s that were asked for", pageSize, name)
		}
		one, err := each(v)
		kept.Items = append(kept.Items, one)
		return err
	})
	if err != nil {
		return err
	}
	if kept.Next, err = text(doc, "nextToken"); err != nil {
		return err
	}
	return json.NewEncoder(dst).Encode(kept)
}

// regenerateVersion writes the answer of DescribePackageVersion as it is kept.
func regenerateVersion(dst io.Writer, src io.Reader) error {
	doc, err := parse(src)
	if err != nil {
		return err
	}
	v := doc.Member("packageVersion")
	if v == nil || v.Kind != strictjson.Object {
		return errors.New("the answer has no packageVersion")
	}
	told := Described{Origin: artifact.OriginUnknown}
	if origin := v.Member("origin"); origin != nil && origin.Kind == strictjson.Object {
		kind, err := text(origin, "originType")
		if err != nil {
			return err
		}
		if told.Origin = artifact.OriginType(kind); !told.Origin.Valid() {
			told.Origin = artifact.OriginUnknown
		}
	}
	if at := v.Member("publishedTime"); at != nil && at.Kind == strictjson.Number {
		seconds, err := json.Number(at.Text).Float64()
		if err != nil || seconds < 0 || seconds > 1<<36 {
			return fmt.Errorf("publishedTime is %.100s", at.Text)
		}
		told.Published = time.UnixMilli(int64(seconds * 1000)).UTC()
	}
	return json.NewEncoder(dst).Encode(told)
}
