package lockfile

import (
	"strings"

	"entrepot/artifact"
	"entrepot/strictjson"
)

func pythonPin(name, version string) Pin {
	return Pin{VersionKey: named(artifact.PyPI)(name).At(version)}
}

// readPoetry reads poetry.lock. Until 2022 the files of all packages stood in a table of their own.
func readPoetry(text []byte, to *Contents) error {
	all, err := parseTOML(text)
	if err != nil {
		return err
	}
	if !all.has("package", "metadata") {
		return wrong(0, "it is no lockfile of Poetry: it has no packages")
	}
	before := all.table("metadata").table("files")
	for _, p := range all.tables("package") {
		pin := pythonPin(p.text("name"), p.text("version"))
		source := p.table("source")
		switch kind := source.text("type"); kind {
		case "", "legacy":
			pin.Registry = source.text("url")
		case "git":
			to.skip(pin.Name, fromGit)
			continue
		case "url":
			to.skip(pin.Name, fromAddress)
			continue
		default: // directory, file
			to.skip(pin.Name, fromPath)
			continue
		}
		pin.Files = filesIn(p.tables("files"))
		if len(pin.Files) == 0 {
			pin.Files = filesIn(before.tables(pin.Name))
		}
		to.add(pin)
	}
	return nil
}

// readPDM reads pdm.lock. Until 2022 the files of all packages stood in a table of their own.
func readPDM(text []byte, to *Contents) error {
	all, err := parseTOML(text)
	if err != nil {
		return err
	}
	if !all.has("package", "metadata") {
		return wrong(0, "it is no lockfile of PDM: it has no packages")
	}
	before := all.table("metadata").table("files")
	for _, p := range all.tables("package") {
		pin := pythonPin(p.text("name"), p.text("version"))
		switch {
		case p.has("git", "hg", "svn", "bzr", "revision"):
			to.skip(pin.Name, fromGit)
			continue
		case p.has("path"):
			to.skip(pin.Name, fromPath)
			continue
		case p.has("url"):
			to.skip(pin.Name, fromAddress)
			continue
		}
		pin.Files = filesIn(p.tables("files"))
		if len(pin.Files) == 0 {
			pin.Files = filesIn(before.tables(pin.Name + " " + pin.Version))
		}
		to.add(pin)
	}
	return nil
}

// filesIn are files with their hashes, named or by their addresses.
func filesIn(tables []table) []File {
	var files []File
	for _, t := range tables {
		f := File{Name: t.text("file"), Sums: colon(t.text("hash"))}
		if f.Name == "" {
			f.Name = fileIn(t.text("url"))
		}
		if f.Name != "" {
			files = append(files, f)
		}
	}
	return files
}

// readUV reads uv.lock.
func readUV(text []byte, to *Contents) error {
	all, err := parseTOML(text)
	if err != nil {
		return err
	}
	if !all.has("version") {
		return wrong(0, "it is no lockfile of uv: it has no version")
	}
	for _, p := range all.tables("package") {
		pin := pythonPin(p.text("name"), p.text("version"))
		source := p.table("source")
		switch {
		case source.has("registry"):
			pin.Registry = source.text("registry")
		case source.has("git"):
			to.skip(pin.Name, fromGit)
			continue
		case source.has("url"):
			to.skip(pin.Name, fromAddress)
			continue
		case source.has("virtual", "editable"):
			to.skip(pin.Name, "it is a part of the project")
			continue
		default:
			to.skip(pin.Name, fromPath)
			continue
		}
		if sdist := p.table("sdist"); sdist != nil {
			pin.Files = filesInUV([]table{sdist})
		}
		pin.Files = append(pin.Files, filesInUV(p.tables("wheels"))...)
		to.add(pin)
	}
	return nil
}

func filesInUV(tables []table) []File {
	var files []File
	for _, t := range tables {
		address := t.text("url")
		if address == "" {
			address = t.text("path") // of an index that is a folder
		}
		if name := fileIn(address); name != "" {
			files = append(files, File{Name: name, Sums: colon(t.text("hash"))})
		}
	}
	return files
}

// readPipfile reads Pipfile.lock: its groups, each with the packages by their names.
func readPipfile(text []byte, to *Contents) error {
	all, err := parseJSON(text)
	if err != nil {
		return err
	}
	if all.Member("_meta") == nil {
		return wrong(0, "it is no lockfile of Pipenv: it has no _meta")
	}
	indexes := map[string]string{}
	for _, source := range items(all, "_meta", "sources") {
		indexes[textAt(source, "name")] = textAt(source, "url")
	}
	for _, group := range all.Members {
		if group.Name == "_meta" {
			continue
		}
		for _, p := range members(group) {
			to.addPipfile(p, indexes)
		}
	}
	return nil
}

func (c *Contents) addPipfile(p *strictjson.Value, indexes map[string]string) {
	version, exact := strings.CutPrefix(textAt(p, "version"), "==")
	switch {
	case at(p, "git") != nil || at(p, "hg") != nil || at(p, "svn") != nil:
		c.skip(p.Name, fromGit)
		return
	case at(p, "path") != nil || at(p, "editable") != nil:
		c.skip(p.Name, fromPath)
		return
	case at(p, "file") != nil || at(p, "url") != nil:
		c.skip(p.Name, fromAddress)
		return
	case !exact:
		version = ""
	}
	pin := pythonPin(p.Name, version)
	pin.Registry = indexes[textAt(p, "index")]
	for _, hash := range items(p, "hashes") {
		if sums := colon(hash.Text); sums != nil {
			pin.Files = append(pin.Files, File{Sums: sums})
		}
	}
	c.add(pin)
}

// readRequirements reads what pip is given: names with exact versions, and the hashes behind them (pip's documentation,
// "Requirements File Format").
func readRequirements(text []byte, to *Contents) error {
	var whole strings.Builder
	return eachLine(append(text, '\n', '\n'), func(number int, line string) error {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			line = ""
		}
		before, goesOn := strings.CutSuffix(line, `\`)
		if whole.WriteString(before); goesOn {
			if whole.Len() > maxLine {
				return wrong(number, "what it goes on with is longer than %d bytes", maxLine)
			}
			return nil
		}
		to.addRequirement(strings.TrimSpace(withoutComment(whole.String())))
		whole.Reset()
		return nil
	})
}

func (c *Contents) addRequirement(line string) {
	if line == "" {
		return
	}
	words := strings.Fields(line)
	switch option := words[0]; {
	case strings.HasPrefix(option, "-r") || strings.HasPrefix(option, "--requirement") || strings.HasPrefix(option, "-c") ||
		strings.HasPrefix(option, "--constraint"):
		c.skip(line, "it is another file: name it too")
		return
	case strings.HasPrefix(option, "-e") || strings.HasPrefix(option, "--editable"):
		c.skip(line, fromPath)
		return
	case strings.HasPrefix(option, "-"):
		return // how pip is to go about it
	}
	var files []File
	for i, word := range words {
		hash, ok := strings.CutPrefix(word, "--hash=")
		if !ok && word == "--hash" && i+1 < len(words) {
			hash, ok = words[i+1], true
		}
		if sums := colon(hash); ok && sums != nil {
			files = append(files, File{Sums: sums})
		}
	}
	requirement, _, _ := strings.Cut(line, " --")
	requirement, _, _ = strings.Cut(requirement, ";") // the marker: it is brought for all machines
	name, version, exact := strings.Cut(requirement, "==")
	switch {
	case strings.Contains(requirement, "git+") || strings.Contains(requirement, "hg+") || strings.Contains(requirement, "svn+"):
		c.skip(requirement, fromGit)
	case strings.Contains(requirement, "://"):
		c.skip(requirement, fromAddress)
	case strings.HasPrefix(requirement, ".") || strings.Contains(requirement, "/"):
		c.skip(requirement, fromPath)
	case !exact || strings.ContainsAny(version, "*,<>=!~"):
		c.skip(requirement, "it has no exact version")
	default:
		name, _, _ = strings.Cut(name, "[")
		pin := pythonPin(strings.TrimSpace(name), strings.TrimSpace(version))
		pin.Files = files
		c.add(pin)
	}
}
