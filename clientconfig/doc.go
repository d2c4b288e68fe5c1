// Package clientconfig changes settings in files that belong to a user's tools, and takes the changes back.
//
// A Setting is a place in a File and what shall stand there. A Plan of settings touches nothing else in the file: every
// other byte, comments and line ends included, stays as it is. What a plan replaced or added is remembered in a Journal
// under the name of who wanted it, so that Undo puts back exactly what was there, in any order among several owners, and
// in the file's own words where it was changed meanwhile.
//
// Files are written whole: a temporary file beside them, synced, then renamed. A link stays a link, the file that it
// points to is written. A file keeps its mode; a new one with secrets is readable by its owner alone. Before the first change a
// copy is made beside it.
//
// Every syntax reads what its tools read and no more than it has to. What it does not understand is refused with a
// sentence that says so, and nothing is written.
//
// The files, in the order of reading:
//
//	setting.go    what is wanted, and where
//	read.go       what stands there now
//	place.go      settings are found, written and taken back in a text
//	lines.go      .npmrc, INI files and properties
//	toml.go       TOML; its statements are found in tomlscan.go
//	yaml.go       YAML; its lines are found in yamlscan.go
//	xml.go        XML
//	json.go       JSON
//	netrc.go      .netrc
//	whole.go      files that are ours altogether
//	journal.go    who changed what
//	plan.go       changes of several files, shown and then made
//	difference.go what is shown of a plan, without secrets
//	write.go      files are written whole
//	user.go       where a user's files are
//	shell.go      programs that run a command
package clientconfig
