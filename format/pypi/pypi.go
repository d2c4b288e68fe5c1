// Package pypi is the protocol of the Python Package Index, as pip, uv, poetry and twine speak it: the simple repository
// API in HTML and JSON, files with their metadata, signatures and attestations beside them, and uploads by form.
//
// A project is one page of links. A version has any number of files, wheels and source distributions, and may get more at
// any time. What resolvers read of a file are the facts of its asset; pages are written of them, whoever says them: what was
// uploaded, or the registry behind.
package pypi

import (
	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Format returns the registration of PyPI. Clients may write names as they please; the API takes the normalised form only
// (user guide, "Python package name normalization"). A version from outside has all files that its registry lists and
// follows it, yanks among them: they are facts about files, and change no status (user guide, "Python packages from external
// connections").
func Format() format.Format {
	wheels := newCores()
	return format.Format{
		Name: artifact.PyPI,
		Traits: repository.Traits{
			Canonical:   canonical,
			FoldVersion: versionKey,
			Late:        repository.LateWhole,
			Growth:      repository.GrowAlways,
			Describes:   describes,
			Describe:    describeFile,
		},
		Header: header,
		Routes: []format.Route{
			{Pattern: "GET /simple/{project}/{$}", Handler: getProject},
			{Pattern: "GET /simple/{project}", Handler: redirectProject},
			{Pattern: "GET /simple/{project}/{version}/{file}", Handler: wheels.getFile},
			{Pattern: "GET /simple/{$}", Handler: getIndex},
			{Pattern: "GET /simple", Handler: redirectIndex},
			{Pattern: "GET /pypi/{project}/json", Handler: wheels.getProjectJSON},
			{Pattern: "GET /pypi/{project}/{version}/json", Handler: wheels.getProjectJSON},
			{Pattern: "POST /{$}", Handler: postRoot},
			{Pattern: "POST /simple/{$}", Handler: postIndex},
		},
		Fail:   fail,
		Source: newSource,
		Entry:  index,
		Detect: detectors,
		Tools:  tools,
	}
}
