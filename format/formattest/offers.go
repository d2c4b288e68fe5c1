package formattest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
)

// offers are what a registry of the made-up format has; a story changes them. Files are written name=content.
type offers struct {
	t        testing.TB
	registry *Registry
	packages map[artifact.PackageKey]*contents
}

func newOffers(t testing.TB, r *Registry) *offers {
	return &offers{t, r, map[artifact.PackageKey]*contents{}}
}

// offer has the registry release a version, or files for one that is there.
func (o *offers) offer(coordinate string, files ...string) {
	at := o.release(coordinate)
	for _, f := range files {
		name, content, _ := strings.Cut(f, "=")
		digester := artifact.NewDigester()
		_, _ = digester.Write([]byte(content))
		digests, size := digester.Sum()
		o.put(coordinate, name, content)
		at.Files = append(at.Files, file{name, size, "facts of " + name, digests})
	}
	o.publish(coordinate)
}

// offerVaguely has it list files without saying how large they are and what digests they have.
func (o *offers) offerVaguely(coordinate string, files ...string) {
	at := o.release(coordinate)
	for _, f := range files {
		name, content, _ := strings.Cut(f, "=")
		o.put(coordinate, name, content)
		at.Files = append(at.Files, file{Name: name, Size: -1})
	}
	o.publish(coordinate)
}

// list has it list files as they are, without delivering them.
func (o *offers) list(coordinate string, files ...file) {
	at := o.release(coordinate)
	at.Files = append(at.Files, files...)
	o.publish(coordinate)
}

// hide has it deliver a file that it does not list.
func (o *offers) hide(coordinate, f string) {
	name, content, _ := strings.Cut(f, "=")
	o.put(coordinate, name, content)
}

// drop has it neither list nor deliver a file any more.
func (o *offers) drop(coordinate, name string) {
	at := o.release(coordinate)
	at.Files = slices.DeleteFunc(at.Files, func(f file) bool { return f.Name == name })
	o.registry.Remove(filePath(key(coordinate), name))
	o.publish(coordinate)
}

// lie has it deliver another content than it promises.
func (o *offers) lie(coordinate, f string) { o.hide(coordinate, f) }

// set has it yank, relist or withdraw a version.
func (o *offers) set(coordinate string, status artifact.Status) {
	o.release(coordinate).Status = status
	o.publish(coordinate)
}

// change has it say other facts about a file.
func (o *offers) change(coordinate, name, facts string) {
	at := o.release(coordinate)
	for i := range at.Files {
		if at.Files[i].Name == name {
			at.Files[i].Facts = facts
		}
	}
	o.publish(coordinate)
}

// remove has it lack a version.
func (o *offers) remove(coordinate string) {
	p := o.packages[key(coordinate).PackageKey]
	p.Versions = slices.DeleteFunc(p.Versions, func(r released) bool { return r.Version == key(coordinate).Version })
	o.publish(coordinate)
}

// attach has it keep a document beside a version.
func (o *offers) attach(coordinate, name, text string) {
	o.registry.Put(attachmentPath(key(coordinate), name), "text/plain", []byte(text))
}

// asked counts how often it was asked what it has of a package.
func (o *offers) asked(coordinate string) int {
	return o.registry.Asked(listingPath(key(coordinate).PackageKey))
}

// release is the version in the contents of its package, made if it is not there.
func (o *offers) release(coordinate string) *released {
	v := key(coordinate)
	p := o.packages[v.PackageKey]
	if p == nil {
		p = &contents{Manifest: "about " + v.Name, Labels: map[string]string{}}
		o.packages[v.PackageKey] = p
	}
	for i := range p.Versions {
		if p.Versions[i].Version == v.Version {
			return &p.Versions[i]
		}
	}
	p.Versions = append(p.Versions, released{Version: v.Version, Status: artifact.Published,
		Manifest: "manifest of " + coordinate})
	return &p.Versions[len(p.Versions)-1]
}

func (o *offers) put(coordinate, name, content string) {
	o.registry.Put(filePath(key(coordinate), name), "application/octet-stream", []byte(content))
}

func (o *offers) publish(coordinate string) {
	o.t.Helper()
	p := key(coordinate).PackageKey
	text, err := json.Marshal(o.packages[p])
	if err != nil {
		o.t.Fatal(err)
	}
	o.registry.Put(listingPath(p), "application/json", text)
}
