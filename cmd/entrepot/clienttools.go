package main

import (
	"fmt"
	"io"
	"os/exec"
	"strings"
	"text/tabwriter"

	"entrepot/artifact"
	"entrepot/format"
)

// clientTool is a tool that can be signed in, and the format it is a client of.
type clientTool struct {
	format.Tool
	of artifact.Format
}

// clientTools are all of them, in the order of their formats.
func clientTools() (all []clientTool) {
	for _, f := range formats() {
		for _, t := range f.Tools {
			all = append(all, clientTool{t, f.Name})
		}
	}
	return all
}

func clientToolNamed(name string) (clientTool, error) {
	var names []string
	for _, t := range clientTools() {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return clientTool{}, fmt.Errorf("there is no tool called %q here; there are %s", name, strings.Join(names, ", "))
}

// listClientTools prints the table of the tools that can be signed in.
func listClientTools(to io.Writer) error {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TOOL\tFORMAT\tON THIS MACHINE\tRENEWS TOKENS")
	for _, t := range clientTools() {
		where, renews := "-", "-"
		if path, err := exec.LookPath(t.Name); err == nil {
			where = path
		}
		if t.Renews {
			renews = "with --renew"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", t.Name, t.of, where, renews)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(to, "\nSign one in with: entrepot login --tool TOOL --domain DOMAIN --repository REPOSITORY")
	return err
}
