package ruby

import (
	"encoding/json"
	"fmt"
	"time"

	"entrepot/artifact"
)

// gemFacts are what an index says about a gem besides its name and digests: the Facts of an asset. Texts are written as a line
// of the compact index has them, and have been checked by whoever writes them.
type gemFacts struct {
	Platform string `json:"platform"`
	// Dependencies are those that the gem needs to run, such as a:>= 1&< 3,b:>= 0.
	Dependencies string `json:"dependencies,omitempty"`
	// Ruby and RubyGems are required versions of these, such as >= 2.7; empty for any.
	Ruby     string `json:"ruby,omitempty"`
	RubyGems string `json:"rubygems,omitempty"`
	// SHA256 is the one in hex that a registry promises; empty for what was published here.
	SHA256 string `json:"sha256,omitempty"`
	// CreatedAt is the registry's own; zero for what was published here, and where a registry does not say.
	CreatedAt time.Time `json:"created-at,omitzero"`
}

func factsOf(a artifact.Asset) (gemFacts, error) {
	var f gemFacts
	if err := json.Unmarshal(a.Facts, &f); err != nil {
		return f, fmt.Errorf("facts of %s are not in their form: %w", a.Name, err)
	}
	return f, nil
}

// encode writes the facts as they are kept: equal facts in equal bytes.
func (f gemFacts) encode() []byte {
	p, _ := json.Marshal(f) // texts and times always can be written
	return p
}

// listedGem is a gem that an index lists.
type listedGem struct {
	gem
	gemFacts
	sha256 string    // hex
	at     time.Time // when it was published: the registry's time, or ours
}

// listed makes what an index lists of an asset.
func listed(v artifact.Version, a artifact.Asset) (listedGem, error) {
	facts, err := factsOf(a)
	if err != nil {
		return listedGem{}, err
	}
	l := listedGem{gem: gem{v.Name, v.VersionKey.Version, facts.Platform}, gemFacts: facts, sha256: a.SHA256.String(), at: facts.CreatedAt}
	if l.at.IsZero() && !v.Origin.Fetched() {
		l.at = a.AddedAt
	}
	return l, nil
}
