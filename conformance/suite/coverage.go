package suite

import (
	"maps"
	"slices"
	"strings"

	"entrepot/conformance/servicemodel"
)

// No document says when these declared errors come, and Entrepot has no case for them.
const (
	noCondition = "no document says when, and Entrepot has no case for it"
	noQuota     = "the guide has no quota that it could be about"
)

// excuses say why a declared error is provoked by no case, by "operation error".
var excuses = map[string]string{
	"CopyPackageVersions " + conflict:            "only while a registry withholds files of a version that it lists; versions that differ are told of one by one",
	"DeletePackage " + conflict:                  noCondition,
	"DeletePackageGroup " + conflict:             "the group of all packages, which cannot be deleted, is a ValidationException",
	"DeletePackageVersions " + conflict:          "versions that cannot be deleted are told of one by one",
	"DeleteRepository " + conflict:               "a repository can be deleted although others have it as their upstream",
	"DescribePackageVersion " + conflict:         noCondition,
	"DisassociateExternalConnection " + conflict: "a connection that is not there is a ResourceNotFoundException",
	"DisposePackageVersions " + conflict:         "versions that cannot be disposed are told of one by one",
	"UpdatePackageVersionsStatus " + conflict:    "versions whose status cannot be changed are told of one by one",
	"UpdateRepository " + conflict:               "upstreams beside an external connection are a ValidationException",

	"CreateDomain " + notFound: "a key that is not there is a ValidationException",

	"AssociateExternalConnection " + quota:           "a second connection is a ValidationException",
	"CopyPackageVersions " + quota:                   "Entrepot's own, 50,000 versions of a package: too many to try",
	"DeletePackageGroup " + quota:                    noQuota,
	"DisassociateExternalConnection " + quota:        noQuota,
	"ListAllowedRepositoriesForGroup " + quota:       noQuota,
	"PutDomainPermissionsPolicy " + quota:            "a policy that is too long is a ValidationException",
	"PutRepositoryPermissionsPolicy " + quota:        "a policy that is too long is a ValidationException",
	"UpdatePackageGroup " + quota:                    noQuota,
	"UpdatePackageGroupOriginConfiguration " + quota: "more than 100 changes are a ValidationException",
}

// Excuse says why an error that an operation declares is provoked by no case; empty if one is.
func Excuse(operation, code string) string {
	if code == internal {
		return "a fault of the service cannot be asked for"
	}
	return excuses[operation+" "+code]
}

// Excused is a declared error that no case provokes, and why.
type Excused struct{ Operation, Code, Why string }

// Excuses lists them, but for InternalServerException, which is nobody's to provoke.
func Excuses() (list []Excused) {
	for _, about := range slices.Sorted(maps.Keys(excuses)) {
		operation, code, _ := strings.Cut(about, " ")
		list = append(list, Excused{operation, code, excuses[about]})
	}
	return list
}

// Planned is the report of a run of everything, deep cases apart, as it would be if nothing failed: with a public package, strictly,
// and against an endpoint with rates besides.
func Planned() *Report {
	r := newReport()
	own := byHand{}
	took := func(operation, kind, what, code string) {
		r.took(own.Name(), operation, kind, what, "")
		if code != "" {
			r.provoked(operation, code)
		}
	}
	for _, operation := range model.Names() {
		for _, l := range Limits(operation) {
			switch {
			case l.Kind == oddTexts || !own.Sends(l.Request):
			case l.Want == "":
				took(operation, l.Kind, l.What, denied)
			default:
				took(operation, l.Kind, l.What, invalid)
			}
		}
	}
	for _, told := range append([]chapter{account}, chapters...) {
		for _, row := range told.rows {
			took(row.operation, written, told.name+": "+row.name, row.code)
		}
	}
	for _, l := range listings {
		for _, what := range l.pageChecks() {
			took(l.operation, paging, what, "")
		}
	}
	for _, operation := range throttledOperations() {
		took(operation, throttling, "too many requests", throttled)
	}
	return r
}

// Gaps says what a run leaves untried that it should try: an operation without an answer, without limits, or with a member that has
// none; an error that is declared, neither provoked nor excused, or excused and provoked; a list that is not read in pages.
func (r *Report) Gaps() (gaps []string) {
	gap := func(parts ...string) { gaps = append(gaps, strings.Join(parts, " ")) }
	for _, operation := range model.Names() {
		for _, m := range model.Input(operation).Members {
			if m.Location != servicemodel.AsPayload && !r.bends(operation, m.Name) {
				gap(operation, "has no limits of", m.Name)
			}
		}
		if len(r.cases[[2]string{operation, written}]) == 0 {
			gap(operation, "has no written case")
		}
		for _, code := range model.Operations[operation].Errors {
			switch provoked, excuse := r.errors[operation][code], Excuse(operation, code); {
			case provoked && excuse != "":
				gap(operation, code, "is provoked, and excused:", excuse)
			case !provoked && excuse == "":
				gap(operation, code, "is not provoked")
			}
		}
	}
	for _, operation := range paged() {
		if len(r.cases[[2]string{operation, paging}]) == 0 {
			gap(operation, "is not read in pages")
		}
	}
	return gaps
}

// bends reports whether a limit is about a member.
func (r *Report) bends(operation, member string) bool {
	for key, names := range r.cases {
		if key[0] != operation {
			continue
		}
		for name := range names {
			if strings.HasPrefix(name, member+" ") {
				return true
			}
		}
	}
	return false
}
