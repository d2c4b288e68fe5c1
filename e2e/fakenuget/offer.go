package fakenuget

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strings"
)

// Nuspec is what a package says about itself, as far as a registry tells it on.
type Nuspec struct {
	Metadata struct {
		ID           string `xml:"id"`
		Version      string `xml:"version"`
		Dependencies struct {
			Loose  []dependency `xml:"dependency"`
			Groups []struct {
				For string       `xml:"targetFramework,attr"`
				All []dependency `xml:"dependency"`
			} `xml:"group"`
		} `xml:"dependencies"`
	} `xml:"metadata"`
	Text []byte `xml:"-"` // the whole file
}

type dependency struct {
	ID    string `xml:"id,attr"`
	Range string `xml:"version,attr"`
}

// ReadNuspec reads the nuspec of a package.
func ReadNuspec(content []byte) (n Nuspec, err error) {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return n, err
	}
	for _, f := range archive.File {
		if strings.Contains(f.Name, "/") || path.Ext(f.Name) != ".nuspec" {
			continue
		}
		in, err := f.Open()
		if err != nil {
			return n, err
		}
		defer in.Close()
		if n.Text, err = io.ReadAll(in); err != nil {
			return n, err
		}
		return n, xml.Unmarshal(n.Text, &n)
	}
	return n, fmt.Errorf("the package has no nuspec")
}

// Groups are the groups of dependencies as a registration has them: for each its framework, and what it needs. Those that are in
// none are one for all frameworks.
func (n Nuspec) Groups() (all []map[string]any) {
	group := func(framework string, needed []dependency) {
		one := object{}
		if framework != "" {
			one["targetFramework"] = framework
		}
		var listed []object
		for _, d := range needed {
			listed = append(listed, object{"id": d.ID, "range": d.Range})
		}
		if listed != nil {
			one["dependencies"] = listed
		}
		all = append(all, one)
	}
	if len(n.Metadata.Dependencies.Loose) > 0 {
		group("", n.Metadata.Dependencies.Loose)
	}
	for _, g := range n.Metadata.Dependencies.Groups {
		group(g.For, g.All)
	}
	return all
}

// Offer puts a package on offer, as it is, with what its nuspec says.
func (r *Registry) Offer(content []byte) error {
	n, err := ReadNuspec(content)
	if err != nil {
		return err
	}
	r.put(offer{Package: Package{ID: n.Metadata.ID, Version: n.Metadata.Version}, content: content, groups: n.Groups()})
	return nil
}

// Number is how a version stands in addresses: with three numbers or four, without zeros in front of them, a fourth that is zero, or
// build metadata, and in lower case.
func Number(version string) string {
	plain, _, _ := strings.Cut(version, "+")
	release, labels, labelled := strings.Cut(plain, "-")
	numbers := strings.Split(release, ".")
	for i, n := range numbers {
		if numbers[i] = strings.TrimLeft(n, "0"); numbers[i] == "" {
			numbers[i] = "0"
		}
	}
	for len(numbers) < 3 {
		numbers = append(numbers, "0")
	}
	if len(numbers) == 4 && numbers[3] == "0" {
		numbers = numbers[:3]
	}
	if release = strings.Join(numbers, "."); labelled {
		release += "-" + labels
	}
	return strings.ToLower(release)
}

func (o offer) number() string { return Number(o.Version) }
