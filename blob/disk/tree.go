package disk

import (
	"io/fs"
	"regexp"

	"entrepot/artifact"
)

// The tree below the root folder:
//
//	.                                  locked by the process that uses it, with flock(2)
//	└── domain-7/                      a space: one domain, under an id that is never reused; or documents/
//	    ├── drafts/
//	    │   └── 5c0d…                  content on its way in; removed at start, for no writer can be left
//	    ├── 00/ … ff/                  first byte of the SHA-256, made sixteen at a time when one of them is needed
//	    │   └── 62 hex digits          committed content, named by the other 31 bytes; its modification time is
//	    └── …                          when it was last committed
//
// Content arrives here in one order only: the draft's modification time is set, the draft is synced, its fan-out folder
// is made and the space synced if that is missing, the draft is renamed, the fan-out folder is synced. So a name, once it
// can be relied on, always stands for whole content, and a crash leaves nothing but a draft or an orphan. A Cache goes
// without the two syncs: the death of the process leaves the same there, a power cut may leave damage.
//
// What else lies in the tree is not touched. What lies where content should, but is not a plain file with one link, is
// damage: it is reported and never read.
const (
	drafts     = "drafts"
	filePerm   = fs.FileMode(0o600)
	folderPerm = fs.FileMode(0o700)
)

var (
	spacePattern  = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	fanOutPattern = regexp.MustCompile(`^[0-9a-f]{2}$`)
)

// draftPath is where the draft called name lies.
func (s *Space) draftPath(name string) string { return s.name + "/" + drafts + "/" + name }

// fanOutPath is the folder of all content whose digest begins with b, given in hex.
func (s *Space) fanOutPath(b string) string { return s.name + "/" + b }

// path is where content lies.
func (s *Space) path(d artifact.Digest) string {
	digits := d.String()
	return s.name + "/" + digits[:2] + "/" + digits[2:]
}
