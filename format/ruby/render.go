package ruby

import (
	"bufio"
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/repository"
)

// listedGems are the gems that indexes list of a package, in the order in which they were published. So what is published next
// comes behind them, and clients fetch no more than that.
func listedGems(versions iter.Seq2[artifact.Version, error]) ([]listedGem, error) {
	var all []listedGem
	for v, err := range versions {
		if err != nil {
			return nil, err
		}
		if !v.Status.Listed() {
			continue
		}
		for _, a := range v.Assets {
			l, err := listed(v, a)
			if err != nil {
				return nil, err
			}
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b listedGem) int {
		return cmp.Or(a.at.Compare(b.at), compareVersions(a.version, b.version), strings.Compare(a.slug(), b.slug()))
	})
	return all, nil
}

// separator stands above the list of each file of the compact index.
const separator = "---\n"

// renderInfo writes the info file of a name. NotFound: there is no gem to list.
func renderInfo(w io.Writer, v repository.View) error {
	all, err := listedGems(v.Versions)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return notFound("There is no gem %s to list.", v.Name).About(artifact.PackageResource, v.PackageKey.String())
	}
	out := bufio.NewWriterSize(w, 64<<10) // which keeps its first error for Flush
	_, _ = out.WriteString(separator)
	for _, l := range all {
		_, _ = out.WriteString(l.line())
	}
	return out.Flush()
}

// published is a line of the versions file: gems of a name that were published at one time.
type published struct {
	at   time.Time
	line string
}

// publications are those of a package. Each says the MD5 of the info file as it was then, so that a line never changes and the
// last one has that of the present file.
func publications(name string, all []listedGem) []published {
	sum := md5.New()
	_, _ = io.WriteString(sum, separator) // a hash takes everything
	var lines []published
	for len(all) > 0 {
		at := all[0].at
		var slugs []string
		for len(all) > 0 && all[0].at.Equal(at) {
			slugs = append(slugs, all[0].slug())
			_, _ = io.WriteString(sum, all[0].line())
			all = all[1:]
		}
		lines = append(lines, published{at,
			name + " " + strings.Join(slugs, ",") + " " + hex.EncodeToString(sum.Sum(nil)) + "\n"})
	}
	return lines
}

// errUnlisted says that there are gems beside those that are held.
var errUnlisted = notFound("What the registry behind this repository has is too much for a list of versions. " +
	"Ask for single gems: info/NAME, or api/v1/dependencies?gems=NAME.")

// renderVersions writes the versions file, in the order of publications. NotFound where an external registry has more.
func renderVersions(w io.Writer, held repository.Inventory) error {
	if held.External {
		return errUnlisted
	}
	var lines []published
	for item, err := range held.Packages {
		if err != nil {
			return err
		}
		all, err := listedGems(item.Versions)
		if err != nil {
			return err
		}
		lines = append(lines, publications(item.Name, all)...)
	}
	slices.SortStableFunc(lines, func(a, b published) int { return a.at.Compare(b.at) })
	out := bufio.NewWriterSize(w, 64<<10) // which keeps its first error for Flush
	_, _ = out.WriteString(separator)
	for _, l := range lines {
		_, _ = out.WriteString(l.line)
	}
	return out.Flush()
}

// renderNames writes the names of which something can be installed.
func renderNames(w io.Writer, held repository.Inventory) error {
	out := bufio.NewWriterSize(w, 64<<10) // which keeps its first error for Flush
	_, _ = out.WriteString(separator)
	for item, err := range held.Packages {
		if err != nil {
			return err
		}
		listed, err := anyListed(item)
		if err != nil {
			return err
		}
		if listed {
			_, _ = out.WriteString(item.Name + "\n")
		}
	}
	return out.Flush()
}

func anyListed(item repository.InventoryItem) (bool, error) {
	for v, err := range item.Versions {
		if err != nil || v.Status.Listed() {
			return err == nil, err
		}
	}
	return false, nil
}
