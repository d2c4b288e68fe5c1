package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestEveryCommandHasExamples looks for them in what --help says of it, or of the command that it is part of.
func TestEveryCommandHasExamples(t *testing.T) {
	parser, err := newParser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Leaves(false) {
		examples := regexp.MustCompile(`(?s)Examples?:.*\n  .*entrepot ` + command.Path())
		if !examples.MatchString(command.Detail) && !examples.MatchString(command.Parent.Detail) {
			t.Errorf("%s has no example of itself", command.FullPath())
		}
		if of := command.Parent; of.Type == kong.CommandNode && len(of.Children) > 1 && !strings.Contains(of.Detail, "Examples:") {
			t.Errorf("%s, of which there are several commands, has no examples", of.FullPath())
		}
	}
}
