package trail

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"entrepot/catalog"

	"github.com/google/uuid"
)

// An event's id is a UUID of version 8 that follows from the event and from the account that is told of it, so that it need not be
// kept: its first half is a digest, its second the event's number, hidden under more of the digest. Whoever has the id has the
// number, and from the event at that number follows whether the id is one.

// variant is what the first two bits of a UUID's second half are.
const variant = 1 << 63

// eventID is the id under which an account is told of an event; empty for the id that all accounts share.
func eventID(e catalog.Event, recipient string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "event %d %d %q %q %q %q", e.Sequence, e.Time.UnixMicro(), e.RequestID, e.Action, e.Resource,
		recipient))
	var id uuid.UUID
	copy(id[:8], sum[:8])
	id[6] = id[6]&0x0f | 0x80
	binary.BigEndian.PutUint64(id[8:], maskOf(id)^uint64(e.Sequence)|variant)
	return id.String()
}

// sequenceOf is the number of the event that an id is of, if it is one; ok is false for what is no UUID.
func sequenceOf(text string) (sequence int64, ok bool) {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return 0, false
	}
	return int64((binary.BigEndian.Uint64(id[8:]) ^ maskOf(id)) &^ variant &^ (variant >> 1)), true
}

// maskOf is what the number is hidden under: it follows from the first half.
func maskOf(id uuid.UUID) uint64 {
	sum := sha256.Sum256(id[:8])
	return binary.BigEndian.Uint64(sum[:8]) &^ variant &^ (variant >> 1)
}
