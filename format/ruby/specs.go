package ruby

import (
	"io"

	"entrepot/repository"

	"github.com/klauspost/compress/gzip"
)

// selection picks the gems of a name that an index in Marshal has.
type selection func([]listedGem) []listedGem

func releasesOnly(all []listedGem) []listedGem { return only(all, false) }

func prereleasesOnly(all []listedGem) []listedGem { return only(all, true) }

func only(all []listedGem, prereleases bool) (picked []listedGem) {
	for _, l := range all {
		if prerelease(l.version) == prereleases {
			picked = append(picked, l)
		}
	}
	return picked
}

// latestOnly picks the highest release for each platform.
func latestOnly(all []listedGem) (picked []listedGem) {
	highest := map[string]int{} // in picked, by platform
	for _, l := range releasesOnly(all) {
		at, known := highest[l.platform]
		switch {
		case !known:
			highest[l.platform] = len(picked)
			picked = append(picked, l)
		case compareVersions(l.version, picked[at].version) > 0:
			picked[at] = l
		}
	}
	return picked
}

// renderSpecs writes an index of before the compact one: a list of name, version and platform of each gem, marshalled, under
// gzip. It has what is held, also where an external registry has more.
func renderSpecs(pick selection) func(io.Writer, repository.Inventory) error {
	return func(w io.Writer, held repository.Inventory) error {
		list, n := &marshaller{}, 0
		for item, err := range held.Packages {
			if err != nil {
				return err
			}
			all, err := listedGems(item.Versions)
			if err != nil {
				return err
			}
			for _, l := range pick(all) {
				list.array(3)
				list.string(l.name)
				list.version(l.version)
				list.string(l.platform)
				n++
			}
		}
		head := &marshaller{}
		head.raw(marshalHeader)
		head.array(n)
		packed := gzip.NewWriter(w) // without a time, so that equal lists are equal bytes
		if _, err := packed.Write(append(head.buf, list.buf...)); err != nil {
			return err
		}
		return packed.Close()
	}
}
