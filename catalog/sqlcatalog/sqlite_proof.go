package sqlcatalog

import (
	"encoding/binary"
	"hash/crc32"
)

// Every page of the file ends in a proof of itself, so that a page that the disk has changed is never believed:
//
//	… content …  │ CRC-32C │ CRC-32 │ "epp1"
//
// Both sums are over the content and the number of the page, little-endian; so a page in the place of another is refused
// too. SQLite leaves the room (it is told of it in the header of the first page) and does not look at it. The proofs are
// made when a page is written into the file and checked when it is read from there (sqlite_vfs.go). Pages in the log are
// proven by SQLite itself, when it finds the log after a crash.
const (
	pageSize  = 4096 // what SQLite makes of a new file, and nobody changes it
	proofSize = 12
	proofAt   = pageSize - proofSize
	proofMark = "epp1"
	// reserveAt is where the header, at the start of the first page, says how many bytes SQLite leaves alone.
	reserveAt = 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// proofOf makes the proof of a page; numbers begin with 1.
func proofOf(page []byte, number int64) (proof [proofSize]byte) {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(number))
	content := page[:proofAt]
	binary.LittleEndian.PutUint32(proof[0:], crc32.Update(crc32.Checksum(content, castagnoli), castagnoli, n[:]))
	binary.LittleEndian.PutUint32(proof[4:], crc32.Update(crc32.ChecksumIEEE(content), crc32.IEEETable, n[:]))
	copy(proof[8:], proofMark)
	return proof
}

// proves reports whether a page is as it was written.
func proves(page []byte, number int64) bool {
	return proofOf(page, number) == [proofSize]byte(page[proofAt:])
}

// hasProofs reports whether the file with this first page has proofs in its pages. Two marks say so, in case that one of
// them is what was damaged.
func hasProofs(first []byte) bool {
	return first[reserveAt] == proofSize || string(first[pageSize-len(proofMark):]) == proofMark
}

// correct turns over the one bit by which a page can be made to prove itself. It reports false, and changes nothing, if
// there is none, or more than one.
func correct(page []byte, number int64) bool {
	found := -1
	for bit := range pageSize * 8 {
		page[bit/8] ^= 1 << (bit % 8)
		right := proves(page, number)
		page[bit/8] ^= 1 << (bit % 8)
		if right && found >= 0 {
			return false
		}
		if right {
			found = bit
		}
	}
	if found >= 0 {
		page[found/8] ^= 1 << (found % 8)
	}
	return found >= 0
}
