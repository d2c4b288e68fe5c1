package clientconfig

import (
	"io"
	"os"
	"strings"
)

// scriptStart is how every Script begins.
const scriptStart = "#!/bin/sh\n# Written by entrepot.\nexec"

// Script is the text of a program for a POSIX shell that runs a command with its own arguments after the command's.
func Script(command []string) string {
	text := scriptStart
	for _, word := range command {
		text += " '" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return text + " \"$@\"\n"
}

// IsScript reports whether the file at a path is a Script.
func IsScript(path string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	start, err := io.ReadAll(io.LimitReader(file, int64(len(scriptStart))))
	return string(start) == scriptStart, err
}
