package ruby

import (
	"context"

	"entrepot/upstream/detect"
)

// detectors ask gem.
var detectors = map[string]detect.Detector{"public:ruby-gems-org": detectGem}

func detectGem(ctx context.Context, run detect.Run) (string, string, error) {
	const how = "gem sources"
	out, err := run(ctx, "gem", "sources", "--list")
	if err != nil {
		return "", how, err
	}
	address, err := detect.Only(detect.Lines(string(out), ""))
	return address, how, err
}
