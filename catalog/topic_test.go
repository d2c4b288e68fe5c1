package catalog_test

import (
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

// TestTopicsAreTheSameInEveryRelease holds numbers that processes of other releases may tell: they never change.
func TestTopicsAreTheSameInEveryRelease(t *testing.T) {
	left := artifact.PackageKey{Format: artifact.NPM, Namespace: "acme", Name: "left"}
	for name, row := range map[string]struct{ got, want catalog.Topic }{
		"domains":        {catalog.DomainsTopic(), 0x1f29ce4842223ee},
		"domain":         {catalog.DomainTopic(7), 0x2d7a317074c5b29},
		"package":        {catalog.PackageTopic(7, left), 0x3badb58c7827aa0},
		"repository":     {catalog.RepositoryTopic(7, artifact.NPM), 0x49c20279b579469},
		"principals":     {catalog.PrincipalsTopic(), 0x5f29ce4842223ee},
		"principal":      {catalog.PrincipalTopic("AIDA7"), 0x60c5a2bab158521},
		"access key":     {catalog.AccessKeyTopic("AKIA7"), 0x75623187becba13},
		"tokens":         {catalog.TokensTopic(), 0x8f29ce4842223ee},
		"token":          {catalog.TokenTopic(catalog.TokenHash{7}), 0x94b6c0aadc046ff},
		"encryption key": {catalog.EncryptionKeyTopic("k"), 0xc9a57dc8ff57cef},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %#x, want %#x", name, row.got, row.want)
		}
	}
}

func TestTopicsOfDifferentThingsDiffer(t *testing.T) {
	seen := map[catalog.Topic]string{}
	for name, topic := range map[string]catalog.Topic{
		"domain 1":                  catalog.DomainTopic(1),
		"domain 256":                catalog.DomainTopic(256),
		"npm in repository 1":       catalog.RepositoryTopic(1, artifact.NPM),
		"pypi in repository 1":      catalog.RepositoryTopic(1, artifact.PyPI),
		"npm in repository 2":       catalog.RepositoryTopic(2, artifact.NPM),
		"a/bc":                      catalog.PackageTopic(1, artifact.PackageKey{Namespace: "a", Name: "bc"}),
		"ab/c":                      catalog.PackageTopic(1, artifact.PackageKey{Namespace: "ab", Name: "c"}),
		"abc":                       catalog.PackageTopic(1, artifact.PackageKey{Name: "abc"}),
		"abc of another format":     catalog.PackageTopic(1, artifact.PackageKey{Format: artifact.NPM, Name: "abc"}),
		"abc of another domain":     catalog.PackageTopic(2, artifact.PackageKey{Name: "abc"}),
		"principal a":               catalog.PrincipalTopic("a"),
		"access key a":              catalog.AccessKeyTopic("a"),
		"session a":                 catalog.SessionTopic("a"),
		"the token of first byte 1": catalog.TokenTopic(catalog.TokenHash{1}),
		"the token of last byte 1":  catalog.TokenTopic(catalog.TokenHash{31: 1}),
	} {
		if other, ok := seen[topic]; ok {
			t.Errorf("%s and %s have one topic", name, other)
		}
		seen[topic] = name
	}
}

func TestTopicsOfPackagesAreKnown(t *testing.T) {
	for topic, want := range map[catalog.Topic]bool{
		catalog.PackageTopic(1, artifact.PackageKey{Name: "abc"}): true,
		catalog.RepositoryTopic(1, artifact.NPM):                  true,
		catalog.DomainTopic(1):                                    false,
		catalog.TokenTopic(catalog.TokenHash{1}):                  false,
	} {
		if got := topic.OfPackages(); got != want {
			t.Errorf("topic %#x: got %v, want %v", topic, got, want)
		}
	}
}
