package fsck

import (
	"cmp"
	"slices"

	"entrepot/catalog"
)

// Report is what was found. Its JSON has these names for good.
type Report struct {
	Checked   Tally     `json:"checked"`
	Findings  []Finding `json:"findings"`
	Leftovers Leftovers `json:"leftovers"`
}

// Tally is what was looked at.
type Tally struct {
	Domains      int   `json:"domains"`
	Repositories int   `json:"repositories"`
	Packages     int   `json:"packages"`
	Versions     int   `json:"versions"`
	Assets       int   `json:"assets"`   // kept ones
	Promises     int   `json:"promises"` // assets that a registry has and nobody has fetched yet
	Contents     int   `json:"contents"` // distinct ones in use, each read whole
	Bytes        int64 `json:"bytes"`    // of those
	Documents    int   `json:"documents"`
}

// Leftovers are no faults: the server removes them in the course of its work.
type Leftovers struct {
	Drafts    int   `json:"drafts"` // uploads that a crash has cut short
	Contents  int   `json:"contents"`
	Bytes     int64 `json:"bytes"` // of contents and drafts
	Deletions int   `json:"deletions"`
}

// Finding is something that is wrong.
type Finding struct {
	Kind   Kind   `json:"kind"`
	Text   string `json:"text"`
	Domain string `json:"domain,omitempty"`
	SHA256 string `json:"sha256,omitempty"` // of the content that it is about
	// Assets have that content; of very many, the first hundred.
	Assets []Asset `json:"assets,omitempty"`
	// Remedy says what to do about it where a repair can not.
	Remedy     string `json:"remedy,omitempty"`
	Repairable bool   `json:"repairable"`
	Repaired   bool   `json:"repaired"`
}

// Asset is an asset of a version that a repository holds.
type Asset struct {
	Repository string `json:"repository"`
	Version    string `json:"version"` // format/namespace/name@version
	Name       string `json:"name"`
	Origin     string `json:"origin"` // the external connection it came from; empty if it was published here
}

// Kind sorts findings. The kinds of the catalog's own faults are among them.
type Kind string

// The kinds of finding beside catalog.FaultKind's.
const (
	DomainKey         Kind = "domain-key"         // a domain's key does not open
	ContentMissing    Kind = "content-missing"    // the bytes of a kept asset are not there
	ContentDamaged    Kind = "content-damaged"    // they are not those that were kept
	ContentUnreadable Kind = "content-unreadable" // the machine fails to read them, twice
	DocumentDamaged   Kind = "document-damaged"   // what was kept of a registry's document is not what it was
	SpaceUnknown      Kind = "space-unknown"      // a folder of bytes belongs to no domain that the catalog ever had
)

// order is that of the report: what is most likely to explain the rest comes first.
var order = []Kind{Kind(catalog.FaultyPages), Kind(catalog.FaultyReferences), Kind(catalog.FaultyRows), Kind(catalog.FaultyCounts),
	Kind(catalog.FaultyIndex), DomainKey, SpaceUnknown, ContentMissing, ContentDamaged, ContentUnreadable,
	DocumentDamaged}

// Left is how many findings are not repaired.
func (r Report) Left() int {
	n := 0
	for _, f := range r.Findings {
		if !f.Repaired {
			n++
		}
	}
	return n
}

// lost reports whether the bytes of a content are, so that nothing is given up when it is promised instead.
func (f *Finding) lost() bool { return f.Kind == ContentMissing || f.Kind == ContentDamaged }

func (r *Report) add(f Finding) { r.Findings = append(r.Findings, f) }

func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)),
			cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.SHA256, b.SHA256))
	})
	if r.Findings == nil {
		r.Findings = []Finding{} // in JSON a list, also when it is empty
	}
}
