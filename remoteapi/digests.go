package remoteapi

import (
	"encoding/hex"
	"fmt"

	"entrepot/artifact"
)

// digestsOf reads the hashes of an asset, as the API calls them. Those it does not know it passes over.
func digestsOf(hashes map[string]string) (d artifact.Digests, err error) {
	for name, into := range map[string][]byte{"MD5": d.MD5[:], "SHA-1": d.SHA1[:], "SHA-256": d.SHA256[:], "SHA-512": d.SHA512[:]} {
		text, ok := hashes[name]
		if !ok {
			continue
		}
		sum, err := hex.DecodeString(text)
		if err != nil || len(sum) != len(into) {
			return d, fmt.Errorf("%s is %.150q", name, text)
		}
		copy(into, sum)
	}
	return d, nil
}
