package npm

import (
	"context"

	"entrepot/upstream/detect"
)

// detectors ask npm, which knows one registry.
var detectors = map[string]detect.Detector{"public:npmjs": detectRegistry}

func detectRegistry(ctx context.Context, run detect.Run) (string, string, error) {
	const how = "npm config get registry"
	out, err := run(ctx, "npm", "config", "get", "registry")
	return string(out), how, err
}
