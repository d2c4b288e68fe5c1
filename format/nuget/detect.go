package nuget

import (
	"context"

	"entrepot/upstream/detect"
)

// detectors ask dotnet.
var detectors = map[string]detect.Detector{"public:nuget-org": detectDotnet}

// detectDotnet reads the enabled sources (E); the disabled ones (D) are passed over.
func detectDotnet(ctx context.Context, run detect.Run) (string, string, error) {
	const how = "dotnet nuget list source"
	out, err := run(ctx, "dotnet", "nuget", "list", "source", "--format", "short")
	if err != nil {
		return "", how, err
	}
	address, err := detect.Only(detect.Lines(string(out), "E "))
	return address, how, err
}
