package archtest

import "strings"

// contracts and words are the two lower floors, without their implementations.
var (
	words     = []string{"artifact", "audit", "iam", "usage"}
	contracts = append([]string{"blob", "catalog", "upstream"}, words...)
)

// floors says which rooms each room may import. An import may only go down, and doors never import each other. A rule counts
// for the room and all below it, unless a longer one fits better; a room may always import what lies below itself. Test
// files are free: a test of the rules may well use a real catalog.
var floors = map[string][]string{
	"artifact": {},
	"iam":      {"strictjson"},
	"audit":    {"iam"},
	// What patterns of package groups mean follows from the words alone.
	"packagegroup": {"artifact"},
	"usage":        {"artifact"},
	"events":       {"artifact", "strictjson"},
	// What package managers lock projects to is read without knowing who has it.
	"lockfile":   {"artifact", "strictjson"},
	"durable":    {},
	"strictjson": {},
	"bytecache":  {},
	"ratelimit":  {},
	"freespace":  {"durable"},
	"localca":    {"durable"},
	"trust":      {"clientconfig", "localca", "durable"},
	// Files of users' tools know nothing of packages.
	"clientconfig": {"durable"},
	"nettest":      {},

	"blob":                       {"artifact"},
	"blob/memcache":              {"artifact", "blob", "blob/mem", "bytecache"},
	"blob/disk":                  {"artifact", "blob", "durable"},
	"blob/mem":                   {"artifact", "blob"},
	"blob/metered":               {"artifact", "blob"},
	"blob/limited":               {"artifact", "blob"},
	"blob/sealed":                {"artifact", "blob", "durable"},
	"blob/blobtest":              {"artifact", "blob"},
	"blob/disk/fault":            {"artifact", "blob", "blob/disk"},
	"blob/s3":                    {"artifact", "blob"},
	"catalog":                    {"artifact", "audit", "iam", "usage"},
	"catalog/sqlcatalog":         {"artifact", "catalog", "durable", "usage"},
	"catalog/catalogtest":        {"artifact", "catalog", "usage"},
	"upstream":                   {"artifact"},
	"upstream/detect":            {"artifact", "upstream"},
	"upstream/detect/detecttest": {"artifact", "upstream", "upstream/detect"},
	"upstream/doccache":          {"artifact", "blob", "catalog", "upstream"},
	"upstream/upstreamtest":      {"artifact", "upstream"},

	"repository": append([]string{"bytecache", "events", "packagegroup"}, contracts...),
	// Catalogs and whole rules for the tests of others.
	"catalog/sqlcatalog/sqlcatalogtest": {"catalog/sqlcatalog"},
	"repository/repositorytest": append([]string{"repository", "blob/mem", "catalog/sqlcatalog",
		"catalog/sqlcatalog/sqlcatalogtest"}, contracts...),
	"access":       append([]string{"access/sigv4", "durable", "ratelimit"}, contracts...),
	"access/sigv4": {"artifact"},
	"access/oidc":  {"artifact", "strictjson"},
	"awsclient":    {"access/sigv4", "artifact", "durable"},
	// It works for a server that it is handed.
	"prefetch": {"artifact", "lockfile"},
	"kms":      append([]string{"accounts"}, contracts...),
	"trail":    append([]string{"accounts", "durable", "ratelimit"}, contracts...),
	"metering": append([]string{"accounts"}, contracts...),
	"delivery": append([]string{"access/sigv4", "accounts", "audit", "durable", "events", "strictjson"}, contracts...),
	"jobs":     contracts,
	"fsck":     contracts,

	// It is a source for the rules.
	"remoteapi": append([]string{"repository", "strictjson", "bytecache"}, contracts...),

	"format": append([]string{"clientconfig", "repository", "upstream/detect"}, contracts...),
	// What the formats share is a room of its own beside them or the contract itself; one format never imports another.
	"format/*": append([]string{"bytecache", "clientconfig", "format", "format/jsonscan", "format/keptpage", "format/keptzip",
		"format/semver", "format/stricttar", "format/strictzip", "format/unpacked", "repository", "upstream/detect"}, contracts...),
	"format/jsonscan":  {},
	"format/keptpage":  append([]string{"bytecache", "repository"}, contracts...),
	"format/keptzip":   {"artifact"},
	"format/semver":    {},
	"format/unpacked":  {},
	"format/stricttar": {"artifact", "format/unpacked"},
	"format/strictzip": {"artifact", "format/unpacked"},
	// The suites of formats and shelves stand on the real rules.
	"format/formattest": append([]string{"clientconfig", "format", "repository", "repository/repositorytest", "blob/mem", "blob/disk",
		"upstream/upstreamtest"}, contracts...),
	"awsapi":   append([]string{"accounts", "delivery", "events", "packagegroup", "ratelimit", "repository", "strictjson"}, contracts...),
	"accounts": append([]string{"access/oidc", "strictjson"}, contracts...),
	"queryapi": append([]string{"delivery", "access", "access/sigv4", "accounts", "kms", "strictjson", "trail"}, contracts...),
	"console":  append([]string{"repository", "access"}, contracts...),
	// The server sees the contract of formats; the formats themselves, like the API, are handed to it by the wiring.
	"server": append([]string{"format", "ratelimit", "repository", "access"}, contracts...),

	// The quotas' defaults are the rules' own.
	"config":   {"accounts", "artifact", "events", "repository", "usage"},
	"archtest": {},
	"docs":     {},
	"e2e":      {"e2e/*"},
	// Whoever judges an API knows nothing of what serves it.
	"conformance":              {"awsclient", "conformance/*"},
	"conformance/jsonmatch":    {},
	"conformance/servicemodel": {},
	"conformance/suite":        {"conformance/jsonmatch", "conformance/servicemodel"},
	// Packages and registries are made for sessions and measured with.
	"bench": {"bench/*", "e2e/*"},

	"cmd/entrepot": {"*"},
}

// ruleFor returns the rule that counts for a room, or ok=false if nobody thought of it.
func ruleFor(room string) (may []string, ok bool) {
	for name := room; ; {
		if may, ok = floors[name]; ok {
			return may, true
		}
		cut := strings.LastIndexByte(name, '/')
		if cut < 0 {
			return nil, false
		}
		if may, ok = floors[name[:cut]+"/*"]; ok {
			return may, true
		}
		name = name[:cut]
	}
}

// mayImport reports whether a room may import another under its rule.
func mayImport(room, other string, may []string) bool {
	if strings.HasPrefix(other, room+"/") && floors[other] == nil {
		return true
	}
	for _, pattern := range may {
		below, all := strings.CutSuffix(pattern, "*")
		if other == pattern || all && strings.HasPrefix(other, below) {
			return true
		}
	}
	return false
}
