package main

import (
	"entrepot/bench/load"
	"entrepot/bench/servers"
)

// protocol is a package format in the comparison: how its clients call, what is published and served of it, and its cases.
type protocol struct {
	name       string // in the API, before the names of its cases, and that of the made-up registry's folder
	connection string // the external connection, without "public:"; empty for a format that has none
	index      string // what an external connection's address has behind the folder of the registry
	authorize  func(token string) string

	// fixtures are the requests that publish to Entrepot what is served warm, in their order.
	fixtures func(s *section) []load.Call
	// served are the things that are served warm.
	served func(s *section) []*item
	// publication is what a client sends to publish a new package to what a server has at base.
	publication func(s *section, c *contender, base string, r release) publication
	// absent is what a client asks for of a package that the proxy has never seen: the document about it, and its file; nil
	// where there is no connection.
	absent func(s *section, c *contender, r release) (document, file load.Call)
	// cases are the rows, in their order.
	cases func(s *section) []testCase
}

// protocols are the formats, in the order of the table.
var protocols = []*protocol{&npm, &pypi, &maven, &cargo, &ruby, &nuget, &swift}

// section is a protocol in one run.
type section struct {
	*lab
	*protocol
	items map[string]*item // by file
	// The paths of the endpoints of three repositories, with both slashes: team has what is served warm, inbox takes what is
	// published meanwhile, for some formats list all that a repository has, and mirror has the external connection.
	team, inbox, mirror string
}

// release is one version of a package of any format; its file has about size bytes.
type release struct {
	name, version string
	size          int
}

// publication is what publishes one version.
type publication struct {
	calls []load.Call
	path  string    // of the file, below the repository's endpoint
	want  load.Want // of the file
}

// sectionsWanted are the protocols of which a case is to be run.
func (l *lab) sectionsWanted() []*section {
	var all []*section
	for _, p := range protocols {
		s := &section{lab: l, protocol: p, items: map[string]*item{}}
		if len(s.wanted()) == 0 {
			continue
		}
		for _, i := range p.served(s) {
			s.items[i.file] = i
		}
		all = append(all, s)
	}
	return all
}

// wanted are the cases that are to be run, by their whole names.
func (s *section) wanted() []testCase {
	var all []testCase
	for _, c := range s.cases(s) {
		c.name = s.name + " " + c.name
		if s.only.MatchString(c.name) {
			all = append(all, c)
		}
	}
	return all
}

// base is where a contender has the packages that are asked for cold, or takes what is published.
func (s *section) base(c *contender) string {
	switch c.name {
	case ours:
		return s.inbox
	case direct:
		return "/" + s.name + "/"
	}
	return "/"
}

// coldBase is where a contender of the cold cases has its packages.
func (s *section) coldBase(c *contender) string {
	if c.name == ours {
		return s.mirror
	}
	return s.base(c)
}

// header is what a client sends with every request.
func (s *section) header(more ...load.Header) []load.Header {
	who := load.Header{Name: "Authorization", Value: s.authorize(s.entrepot.Token)}
	return append([]load.Header{who, {Name: "User-Agent", Value: "bench/1"}}, more...)
}

// bearer and password are how clients send a token.
var (
	bearer   = func(token string) string { return "Bearer " + token }
	password = servers.Basic
)
