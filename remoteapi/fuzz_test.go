package remoteapi

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"entrepot/artifact"
)

// FuzzRegenerate has any bytes read as each answer of the API: what is kept of one can be read, and is within bounds.
func FuzzRegenerate(f *testing.F) {
	f.Add(`{"versions":[{"version":"1","status":"Published"}],"nextToken":"p"}`)
	f.Add(`{"assets":[{"name":"a","size":3,"hashes":{"MD5":"00112233445566778899aabbccddeeff"}}]}`)
	f.Add(`{"packageVersion":{"origin":{"originType":"INTERNAL"},"publishedTime":1602535878.039}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var kept bytes.Buffer
		if regenerateVersions(&kept, strings.NewReader(text)) == nil {
			var read page
			if err := json.Unmarshal(kept.Bytes(), &read); err != nil {
				t.Fatal(err)
			}
			for _, v := range read.Items {
				if !artifact.ValidCoordinate(v.Name) || !v.Status.Valid() {
					t.Errorf("kept %+v", v)
				}
			}
		}
		kept.Reset()
		if regenerateAssets(&kept, strings.NewReader(text)) == nil {
			var read page
			if err := json.Unmarshal(kept.Bytes(), &read); err != nil {
				t.Fatal(err)
			}
			for _, a := range read.Items {
				if _, err := digestsOf(a.Hashes); err != nil || a.Size < 0 || a.Name == "" {
					t.Errorf("kept %+v, %v", a, err)
				}
			}
		}
		kept.Reset()
		if regenerateVersion(&kept, strings.NewReader(text)) == nil {
			var told Described
			if err := json.Unmarshal(kept.Bytes(), &told); err != nil || !told.Origin.Valid() {
				t.Errorf("kept %s, %v", kept.String(), err)
			}
		}
	})
}
