package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"entrepot/config"
	"entrepot/format"
	"entrepot/upstream"
	"entrepot/upstream/detect"
)

type upstreamsCommand struct {
	Detect detectCommand `cmd:"" default:"1" help:"Show the addresses found on this machine, and how."`
}

type detectCommand struct{}

// Help is shown by entrepot upstreams detect --help.
func (detectCommand) Help() string {
	return `The addresses of public registries are nowhere in this program. They come from the configuration, from
ENTREPOT_UPSTREAM_… variables or --upstream, and otherwise from what the package managers on this machine are
configured to use, which this command shows.

Example:

  entrepot upstreams detect
  entrepot serve --upstream npmjs=https://registry.example.test/`
}

// Run prints what was found.
func (detectCommand) Run(ctx context.Context) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CONNECTION\tADDRESS\tHOW")
	for _, found := range detect.All(ctx, detectors(), detect.Exec) {
		address, how := found.URL, found.How
		if address == "" {
			address, how = "-", found.Reason
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", found.Connection, address, how)
	}
	return table.Flush()
}

// detectedFile remembers in the data folder what was detected. Logging in points a package manager at this server, and
// from then on it cannot say any more where the public registry is.
const detectedFile = "upstreams.json"

// origins are where the connections lead: as configured, else as remembered from an earlier start, else as the
// machine's clients say. A connection without an address is no error until it is used.
func origins(ctx context.Context, c config.Config, log *slog.Logger) (upstream.Origins, error) {
	remembered, err := recall(c.Data)
	if err != nil {
		return upstream.Origins{}, err
	}
	if len(remembered) == 0 {
		if remembered, err = discover(ctx, c, log); err != nil {
			return upstream.Origins{}, err
		}
	}
	var all []upstream.Origin
	for _, name := range slices.Sorted(maps.Keys(remembered)) {
		origin, err := upstream.ParseOrigin(name, remembered[name])
		if err != nil {
			return upstream.Origins{}, fmt.Errorf("%s: %w", filepath.Join(c.Data, detectedFile), err)
		}
		all = append(all, origin)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Upstreams)) {
		u := c.Upstreams[name]
		origin, err := upstream.ParseOrigin(name, u.URL)
		if err != nil {
			return upstream.Origins{}, err
		}
		origin.Credential = upstream.Credential{User: u.Username, Password: u.Password, Token: u.Token}
		origin.DownloadHosts = u.DownloadHosts
		all = append(all, origin)
	}
	return upstream.NewOrigins(all...), nil
}

// usable are the connections that a format of this build can read, as they are called in the configuration.
func usable() []string {
	var names []string
	for _, c := range upstream.Connections() {
		if slices.ContainsFunc(formats(), func(f format.Format) bool { return f.Name == c.Format && f.Source != nil }) {
			names = append(names, c.Setting())
		}
	}
	return names
}

// upstreamNames are what the external connections are called in the configuration.
func upstreamNames() []string {
	var names []string
	for _, c := range upstream.Connections() {
		names = append(names, c.Setting())
	}
	return names
}

// recall reads what an earlier start detected, by the names of the settings.
func recall(data string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(data, detectedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var known map[string]string
	if err := json.Unmarshal(text, &known); err != nil {
		return nil, fmt.Errorf("%s: %w; delete it to detect the addresses anew", filepath.Join(data, detectedFile), err)
	}
	return known, nil
}

// discover asks the machine's clients, unless every connection that this build can use is configured, and remembers
// what they say.
func discover(ctx context.Context, c config.Config, log *slog.Logger) (map[string]string, error) {
	found := map[string]string{}
	if !slices.ContainsFunc(usable(), func(name string) bool { return c.Upstreams[name].URL == "" }) {
		return found, nil
	}
	for _, f := range detect.All(ctx, detectors(), detect.Exec, c.PublicURL) {
		connection, _ := upstream.ConnectionNamed(f.Connection)
		if f.URL == "" || c.Upstreams[connection.Setting()].URL != "" {
			continue
		}
		found[connection.Setting()] = f.URL
		log.InfoContext(ctx, "detected the address of a public registry",
			"connection", f.Connection, "url", f.URL, "how", f.How)
	}
	if len(found) == 0 {
		return found, nil
	}
	text, err := json.MarshalIndent(found, "", "  ")
	if err != nil {
		return nil, err
	}
	// Losing this file costs a new detection and nothing else.
	return found, os.WriteFile(filepath.Join(c.Data, detectedFile), append(text, '\n'), 0o600)
}
