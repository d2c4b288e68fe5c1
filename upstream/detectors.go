package upstream

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

func detectNPM(ctx context.Context, run Run) (string, string, error) {
	const how = "npm config get registry"
	out, err := run(ctx, "npm", "config", "get", "registry")
	return string(out), how, err
}

// pips are the names pip goes by; the first that answers counts.
var pips = [][]string{{"pip"}, {"pip3"}, {"python3", "-m", "pip"}}

func detectPip(ctx context.Context, run Run) (string, string, error) {
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

func detectNuGet(ctx context.Context, run Run) (string, string, error) {
	const how = "dotnet nuget list source"
	out, err := run(ctx, "dotnet", "nuget", "list", "source", "--format", "short")
	if err != nil {
		return "", how, err
	}
	address, err := only(sources(string(out), "E "))
	return address, how, err
}

func detectGem(ctx context.Context, run Run) (string, string, error) {
	const how = "gem sources"
	out, err := run(ctx, "gem", "sources", "--list")
	if err != nil {
		return "", how, err
	}
	address, err := only(sources(string(out), ""))
	return address, how, err
}

// sources finds the lines that are an address after the prefix.
func sources(out, prefix string) []string {
	var found []string
	for line := range strings.Lines(out) {
		address, ok := strings.CutPrefix(strings.TrimSpace(line), prefix)
		if ok && (strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")) {
			found = append(found, address)
		}
	}
	return found
}

// only refuses to guess among several.
func only(found []string) (string, error) {
	switch len(found) {
	case 0:
		return "", errors.New("the client names no registry")
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("the client names %d registries; which one is meant must be configured", len(found))
}
