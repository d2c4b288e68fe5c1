package sqlcatalog

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strconv"

	"entrepot/artifact"
	"entrepot/catalog"
)

// list tells the markers of one list from those of another.
type list byte

const (
	domainList list = iota + 1
	allDomainList
	repositoryList
	packageList
	searchList
	versionList
	newestList
	blobList
	principalList
	memberList
	managedPolicyList
	policyUserList
	sessionList
	tokenList
	providerList
	encryptionKeyList
	keyAliasList
	accountList
	accountRequestList
	eventTargetList
	eventRuleList
	allEventRuleList
)

// A marker is the sort key of the last item of a page, so a list goes on in the right place whatever was created or
// deleted in between. Wire form: the list's number, each part behind its length (uvarint), CRC-32; in base64url.
//
// The checksum catches accidents. A forged marker gains nothing: it starts the same list, under the same filter, elsewhere.

// maxMarker is far above what 255 characters for each part come to.
const maxMarker = 16 << 10

// mark makes the marker of l that stands behind the item with these parts.
func mark(l list, parts ...string) string {
	raw := []byte{byte(l)}
	for _, p := range parts {
		raw = binary.AppendUvarint(raw, uint64(len(p)))
		raw = append(raw, p...)
	}
	raw = binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(raw))
	return base64.RawURLEncoding.EncodeToString(raw)
}

// unmark returns the n parts of a marker of l, or Invalid if l never gave it out.
func unmark(l list, n int, marker string) ([]string, error) {
	invalid := artifact.Errorf(artifact.Invalid, "The page marker was not given out by this list.")
	if len(marker) > maxMarker {
		return nil, invalid
	}
	raw, err := base64.RawURLEncoding.DecodeString(marker)
	if err != nil || len(raw) < 5 || list(raw[0]) != l {
		return nil, invalid
	}
	rest := raw[1 : len(raw)-4]
	parts := make([]string, 0, n)
	for len(rest) > 0 && len(parts) < n {
		size, width := binary.Uvarint(rest)
		if width <= 0 || size > uint64(len(rest)-width) {
			return nil, invalid
		}
		rest = rest[width:]
		parts = append(parts, string(rest[:size]))
		rest = rest[size:]
	}
	// Writing it again compares the checksum and refuses every spelling but ours.
	if len(rest) > 0 || len(parts) != n || mark(l, parts...) != marker {
		return nil, invalid
	}
	return parts, nil
}

// number reads a part that was written by decimal.
func number(part string) (int64, error) {
	n, err := strconv.ParseInt(part, 10, 64)
	if err != nil || decimal(n) != part {
		return 0, artifact.Errorf(artifact.Invalid, "The page marker was not given out by this list.")
	}
	return n, nil
}

func decimal[N ~int64](n N) string { return strconv.FormatInt(int64(n), 10) }

// clamp brings a page's limit into its range.
func clamp(limit int) int { return min(max(limit, 1), catalog.MaxPage) }

// listing makes a page of at most limit items out of up to limit+1, with the marker of the last one kept.
func listing[T any](items []T, limit int, marker func(T) string) catalog.Listing[T] {
	if len(items) <= limit {
		return catalog.Listing[T]{Items: items}
	}
	items = items[:limit]
	return catalog.Listing[T]{Items: items, Next: marker(items[limit-1])}
}
