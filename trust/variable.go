package trust

import (
	"path/filepath"
	"slices"
	"strings"
)

// Variable is what a client reads in a terminal.
type Variable struct {
	Name string
	// adds says that what it names is believed besides all else, and not in its place.
	adds bool
	// options says that it holds options of a Java that is to believe the truststore.
	options bool
}

var (
	nodeExtra   = Variable{Name: "NODE_EXTRA_CA_CERTS", adds: true}
	sslCertFile = replacing("SSL_CERT_FILE")
)

// replacing is a variable that names all that its clients believe.
func replacing(name string) Variable { return Variable{Name: name} }

func javaOptions(name string) Variable { return Variable{Name: name, options: true} }

// variables are those of all clients, each once.
func variables() []Variable {
	var all []Variable
	for _, c := range clients {
		for _, v := range c.Variables {
			if !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// Exports returns the variables that make every client of a terminal believe the authority, and their values. Nothing that
// the terminal believes is lost: the bundle has it, if Sources went into it. Java's are left out where there is no truststore.
func Exports(getenv func(string) string, f Material) (exports [][2]string) {
	for _, v := range variables() {
		if value := v.value(getenv(v.Name), f); value != "" {
			exports = append(exports, [2]string{v.Name, value})
		}
	}
	return exports
}

// value is what the variable must say, which says before now. It is empty if there is nothing to say.
func (v Variable) value(before string, f Material) string {
	switch {
	case v.options && f.Truststore == "":
		return ""
	case v.options && strings.Contains(before, "-Djavax.net.ssl.trustStore="+f.Truststore):
		return before
	case v.options:
		return strings.TrimSpace(before + " " + truststoreOptions(f.Truststore))
	case v.adds && (before == "" || before == f.Authority):
		return f.Authority
	}
	return f.Bundle
}

// Sources are the lists of certificates that the terminal's variables name, beside ours.
func Sources(getenv func(string) string, f Material) (files []string) {
	for _, v := range variables() {
		file := getenv(v.Name)
		if v.options || !filepath.IsAbs(file) || file == f.Bundle || file == f.Authority || slices.Contains(files, file) {
			continue
		}
		files = append(files, file)
	}
	return files
}
