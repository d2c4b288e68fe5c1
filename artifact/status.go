package artifact

import "slices"

// Status is the state of a version in one repository; copies elsewhere have their own.
type Status string

// The states of a version. Deleted only ever appears in the answer to a deletion: the record is gone by then.
const (
	Published  Status = "Published"
	Unfinished Status = "Unfinished"
	Unlisted   Status = "Unlisted"
	Archived   Status = "Archived"
	Disposed   Status = "Disposed"
	Deleted    Status = "Deleted"
)

// statuses says, per state, what a package manager sees and which way an UpdatePackageVersionsStatus may go.
// Source: user guide, "Package version status".
var statuses = []struct {
	status       Status
	listed       bool // in version lists
	downloadable bool // its assets are served
	leavable     bool // UpdatePackageVersionsStatus may move it elsewhere
	target       bool // UpdatePackageVersionsStatus may move others to it
}{
	{Published, true, true, true, true},
	{Unfinished, false, false, true, false},
	{Unlisted, false, true, true, true},
	{Archived, false, false, true, true},
	{Disposed, false, false, false, false},
	{Deleted, false, false, false, false},
}

// Statuses lists every state in the order of the service model.
func Statuses() []Status {
	names := make([]Status, len(statuses))
	for i, s := range statuses {
		names[i] = s.status
	}
	return names
}

// Valid reports whether s is a state of the service model.
func (s Status) Valid() bool { return slices.Contains(Statuses(), s) }

// Listed reports whether package managers see the version in lists.
func (s Status) Listed() bool { return s.row(func(i int) bool { return statuses[i].listed }) }

// Downloadable reports whether package managers may fetch the version's assets.
func (s Status) Downloadable() bool {
	return s.row(func(i int) bool { return statuses[i].downloadable })
}

// MayBecome reports whether UpdatePackageVersionsStatus may move a version from s to target.
func (s Status) MayBecome(target Status) bool {
	return s.row(func(i int) bool { return statuses[i].leavable }) && target.Target()
}

// Target reports whether UpdatePackageVersionsStatus accepts s as targetStatus.
func (s Status) Target() bool { return s.row(func(i int) bool { return statuses[i].target }) }

func (s Status) row(property func(int) bool) bool {
	for i := range statuses {
		if statuses[i].status == s {
			return property(i)
		}
	}
	return false
}
