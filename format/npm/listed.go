package npm

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// fromRegistry makes the manifest of one version object, or says why no client could use it.
func fromRegistry(object []byte, name, number string) (manifest, error) {
	all, err := splitObject(object)
	if err != nil {
		return manifest{}, err
	}
	if all, err = identified(all, name, number); err != nil {
		return manifest{}, err
	}
	dist, err := splitObject(all.Find("dist"))
	if err != nil {
		return manifest{}, fmt.Errorf("its dist: %w", err)
	}
	tarball, ok := dist.Text("tarball")
	if !ok || tarball == "" || len(tarball) > jsonscan.MaxKey {
		return manifest{}, errors.New("it has no tarball")
	}
	attested, err := attestationsAddress(dist)
	if err != nil {
		return manifest{}, err
	}
	if all, err = normalizeListed(all, name); err != nil {
		return manifest{}, err
	}
	return compose(all, mendAll(dist, distMends), keptFacts{Tarball: tarball, Attestations: attested})
}

// identified makes sure that a version object is about the version that it is listed under: it says so, in whatever way
// clients read as the same, or says nothing.
func identified(all jsonscan.Members, name, number string) (jsonscan.Members, error) {
	said, ok := all.Text("name")
	if ok && said != name {
		return nil, fmt.Errorf("it is about %.214q", said)
	}
	if !ok {
		all = with(all, "name", jsonscan.Quoted(name))
	}
	said, ok = all.Text("version")
	if ok && said == number {
		return all, nil
	}
	if clean, isVersion := cleanVersion(said); ok && (!isVersion || clean != number) {
		return nil, fmt.Errorf("it is about version %.256q", said)
	}
	return with(all, "version", jsonscan.Quoted(number)), nil
}

// normalizeListed mends a version that a registry lists, with bin and what is computed of scripts. A member with more than
// maxNames names is left out.
func normalizeListed(all jsonscan.Members, name string) (jsonscan.Members, error) {
	all, err := normalize(slices.DeleteFunc(all, crowded))
	if err != nil {
		return nil, err
	}
	if bin := all.Find("bin"); bin != nil {
		mended, err := binOf(bin, path.Base(name))
		if err != nil {
			return nil, fmt.Errorf("its bin: %w", err)
		}
		if all = without(all, "bin"); mended != nil {
			all = append(all, jsonscan.Member{Key: "bin", Value: mended})
		}
	}
	// The public registry computes this for abbreviated documents only; installers skip scripts where it is absent.
	if all.Find("hasInstallScript") == nil {
		runs, err := installs(all.Find("scripts"))
		if err != nil {
			return nil, fmt.Errorf("its scripts: %w", err)
		}
		if runs {
			all = append(all, jsonscan.Member{Key: "hasInstallScript", Value: []byte("true")})
		}
	}
	return all, nil
}

// digestsOf returns what the manifest of a version promises about its tarball.
func digestsOf(m manifest) (artifact.Digests, error) {
	dist, err := jsonscan.Split(m.dist)
	return promised(dist), err
}
