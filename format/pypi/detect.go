package pypi

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"entrepot/upstream/detect"
)

// detectors ask pip.
var detectors = map[string]detect.Detector{"public:pypi": detectPip}

// pips are the names pip goes by; the first that answers counts.
var pips = [][]string{{"pip"}, {"pip3"}, {"python3", "-m", "pip"}}

func detectPip(ctx context.Context, run detect.Run) (string, string, error) {
	var failures []error
	for _, pip := range pips {
		ask := func(args ...string) ([]byte, error) {
			return run(ctx, pip[0], append(pip[1:len(pip):len(pip)], args...)...)
		}
		config, err := ask("config", "list")
		if err == nil {
			if address, key, ok := pipConfigured(string(config)); ok {
				return address, "pip config list: " + key, nil
			}
		}
		help, err := ask("help", "install")
		if err == nil {
			address, err := pipDefault(string(help))
			return address, "pip help install", err
		}
		failures = append(failures, err)
	}
	return "", "pip", errors.Join(failures...)
}

// pipKeys are the settings that name pip's index, the stronger ones first (pip documentation, "Configuration").
var pipKeys = []string{":env:.index-url", "install.index-url", "global.index-url"}

// pipConfigured finds the index in the output of `pip config list`: lines of key='value'.
func pipConfigured(out string) (address, key string, ok bool) {
	values := make(map[string]string)
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[key] = strings.Trim(value, `'"`)
	}
	for _, key := range pipKeys {
		if values[key] != "" {
			return values[key], key, true
		}
	}
	return "", "", false
}

var pipDefaultPattern = regexp.MustCompile(`--index-url[^(]{0,200}\(default\s+(https?://[^\s)]+)\)`)

// pipDefault finds the index that `pip help install` names as its default.
func pipDefault(help string) (string, error) {
	m := pipDefaultPattern.FindStringSubmatch(help)
	if m == nil {
		return "", errors.New("pip's help names no default index")
	}
	return m[1], nil
}
