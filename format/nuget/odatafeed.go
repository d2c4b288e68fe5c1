package nuget

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// row is a version in a feed of version 2, as one of its package's versions.
type row struct {
	entry
	latest, absoluteLatest bool // the highest release, the highest of all
}

// rowsOf are the listed versions of a package, lowest first, of which the highest ones are marked.
func rowsOf(all []entry) []row {
	rows := make([]row, len(all))
	release, any := -1, -1
	for i, e := range all {
		rows[i].entry = e
		if !e.listed() {
			continue
		}
		if any = i; !e.number.prerelease() {
			release = i
		}
	}
	if release >= 0 {
		rows[release].latest = true
	}
	if any >= 0 {
		rows[any].absoluteLatest = true
	}
	return rows
}

// property is one of those that clients read of a version (NuGet's V2FeedPackage). A value that is empty is null.
type property struct {
	name, kind string
	of         func(row) string
}

// Kinds of properties (Entity Data Model).
const (
	edmText    = "Edm.String"
	edmTruth   = "Edm.Boolean"
	edmTime    = "Edm.DateTime"
	edmNumber  = "Edm.Int32"
	edmNumber8 = "Edm.Int64"
)

const odataTime = "2006-01-02T15:04:05.999Z"

var properties = []property{
	{"Id", edmText, func(r row) string { return r.manifest.ID }},
	{"Version", edmText, func(r row) string { return r.manifest.Version }},
	{"NormalizedVersion", edmText, func(r row) string { return r.number.String() }},
	{"Authors", edmText, func(r row) string { return r.Authors }},
	{"Copyright", edmText, func(r row) string { return r.Copyright }},
	{"Created", edmTime, func(r row) string { return r.PublishedAt.UTC().Format(odataTime) }},
	{"Dependencies", edmText, func(r row) string { return flatDependencies(r.DependencyGroups) }},
	{"Description", edmText, func(r row) string { return r.Description }},
	{"DevelopmentDependency", edmTruth, func(r row) string { return strconv.FormatBool(r.DevelopmentDependency) }},
	{"DownloadCount", edmNumber, func(row) string { return "0" }},
	{"IconUrl", edmText, func(r row) string { return r.IconURL }},
	{"IsLatestVersion", edmTruth, func(r row) string { return strconv.FormatBool(r.latest) }},
	{"IsAbsoluteLatestVersion", edmTruth, func(r row) string { return strconv.FormatBool(r.absoluteLatest) }},
	{"IsPrerelease", edmTruth, func(r row) string { return strconv.FormatBool(r.number.prerelease()) }},
	{"Language", edmText, func(r row) string { return r.Language }},
	{"LastUpdated", edmTime, func(r row) string { return r.published().Format(odataTime) }},
	{"LicenseUrl", edmText, func(r row) string { return r.LicenseURL }},
	{"Listed", edmTruth, func(r row) string { return strconv.FormatBool(r.listed()) }},
	{"MinClientVersion", edmText, func(r row) string { return r.MinClientVersion }},
	{"PackageHash", edmText, func(r row) string { return r.hash() }},
	{"PackageHashAlgorithm", edmText, func(r row) string { return "SHA512" }},
	{"PackageSize", edmNumber8, func(r row) string { return r.size() }},
	{"ProjectUrl", edmText, func(r row) string { return r.ProjectURL }},
	{"Published", edmTime, func(r row) string { return r.published().Format(odataTime) }},
	{"RequireLicenseAcceptance", edmTruth, func(r row) string { return strconv.FormatBool(r.RequireLicenseAcceptance) }},
	{"Summary", edmText, func(r row) string { return r.Summary }},
	{"Tags", edmText, func(r row) string { return strings.Join(r.Tags, " ") }},
	{"Title", edmText, func(r row) string { return r.Title }},
	{"VersionDownloadCount", edmNumber, func(row) string { return "0" }},
}

// hash is the digest of the package in base 64; empty while nobody knows it.
func (r row) hash() string {
	a, known := r.content()
	if !known {
		return ""
	}
	return base64.StdEncoding.EncodeToString(a.SHA512[:])
}

func (r row) size() string {
	a, _ := r.content()
	return strconv.FormatInt(max(a.Size, 0), 10)
}

// flatDependencies writes dependencies as version 2 has them: id:range:framework, with bars between.
func flatDependencies(groups []dependencyGroup) string {
	var all []string
	for _, g := range groups {
		if len(g.Dependencies) == 0 {
			all = append(all, "::"+g.TargetFramework)
		}
		for _, d := range g.Dependencies {
			all = append(all, d.ID+":"+d.Range+":"+g.TargetFramework)
		}
	}
	return strings.Join(all, "|")
}

// feed writes rows as Atom (OData 2.0, Atom format).
type feed struct {
	bytes.Buffer
	base string // address of the feed, without a slash at its end
}

const feedNames = ` xmlns="http://www.w3.org/2005/Atom" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"` +
	` xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"`

// Types of answers.
const (
	atomFeed  = "application/atom+xml;type=feed;charset=utf-8"
	atomEntry = "application/atom+xml;type=entry;charset=utf-8"
	plainXML  = "application/xml;charset=utf-8"
)

// writeFeed writes a feed. total is written if it is not negative, next if there is one.
func (f *feed) writeFeed(title string, rows []row, total int, next string) {
	fmt.Fprintf(f, `%s<feed xml:base="%s/"%s>`, xml.Header, escaped(f.base), feedNames)
	if total >= 0 {
		fmt.Fprintf(f, "<m:count>%d</m:count>", total)
	}
	fmt.Fprintf(f, `<title type="text">%s</title><id>%s/%s</id><updated>%s</updated><link rel="self" title="%s" href="%s"/>`,
		title, escaped(f.base), title, newest(rows).Format(odataTime), title, title)
	for _, r := range rows {
		f.entry(r, "")
	}
	if next != "" {
		fmt.Fprintf(f, `<link rel="next" href="%s"/>`, escaped(next))
	}
	f.WriteString("</feed>")
}

// newest is when the latest of the rows came out: nothing else dates a feed that is made on the spot.
func newest(rows []row) time.Time {
	at := hiddenSince
	for _, r := range rows {
		if p := r.published(); p.After(at) {
			at = p
		}
	}
	return at
}

// writeEntry writes an entry that is a document.
func (f *feed) writeEntry(r row) {
	f.WriteString(xml.Header)
	f.entry(r, ` xml:base="`+escaped(f.base)+`/"`+feedNames)
}

func (f *feed) entry(r row, names string) {
	id, number := r.manifest.ID, r.number.String()
	at := fmt.Sprintf("Packages(Id='%s',Version='%s')", id, number)
	fmt.Fprintf(f, `<entry%s><id>%s/%s</id><category term="NuGetGallery.V2FeedPackage" `+
		`scheme="http://schemas.microsoft.com/ado/2007/08/dataservices/scheme"/><link rel="edit" title="V2FeedPackage" href="%s"/>`+
		`<title type="text">%s</title><summary type="text">%s</summary><updated>%s</updated><author><name>%s</name></author>`+
		`<content type="application/zip" src="%s/package/%s/%s"/><m:properties>`,
		names, escaped(f.base), at, at, id, escaped(r.Summary), r.published().Format(odataTime), escaped(r.Authors),
		escaped(f.base), id, number)
	for _, p := range properties {
		f.property(p, p.of(r))
	}
	f.WriteString("</m:properties></entry>")
}

func (f *feed) property(p property, value string) {
	kind := ""
	if p.kind != edmText {
		kind = ` m:type="` + p.kind + `"`
	}
	if value == "" {
		fmt.Fprintf(f, `<d:%s%s m:null="true"/>`, p.name, kind)
		return
	}
	fmt.Fprintf(f, "<d:%s%s>%s</d:%s>", p.name, kind, escaped(value), p.name)
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a bytes.Buffer takes everything
	return b.String()
}

// metadata is what a feed says of itself ($metadata, Conceptual Schema Definition Language): old clients ask for what it can do.
func metadata() []byte {
	var out bytes.Buffer
	out.WriteString(xml.Header + `<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">` +
		`<edmx:DataServices m:DataServiceVersion="2.0" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">` +
		`<Schema Namespace="NuGetGallery" xmlns="http://schemas.microsoft.com/ado/2006/04/edm">` +
		`<EntityType Name="V2FeedPackage" m:HasStream="true"><Key><PropertyRef Name="Id"/><PropertyRef Name="Version"/></Key>`)
	for _, p := range properties {
		fmt.Fprintf(&out, `<Property Name="%s" Type="%s" Nullable="%t"/>`, p.name, p.kind, p.name != "Id" && p.name != "Version")
	}
	out.WriteString(`</EntityType></Schema><Schema Namespace="NuGetGallery.OData" ` +
		`xmlns="http://schemas.microsoft.com/ado/2006/04/edm"><EntityContainer Name="V2FeedContext" m:IsDefaultEntityContainer="true">` +
		`<EntitySet Name="Packages" EntityType="NuGetGallery.V2FeedPackage"/>`)
	for _, call := range []struct {
		name       string
		parameters []string
	}{
		{"Search", []string{"searchTerm Edm.String", "targetFramework Edm.String", "includePrerelease Edm.Boolean"}},
		{"FindPackagesById", []string{"id Edm.String"}},
	} {
		fmt.Fprintf(&out, `<FunctionImport Name="%s" ReturnType="Collection(NuGetGallery.V2FeedPackage)" EntitySet="Packages" `+
			`m:HttpMethod="GET">`, call.name)
		for _, parameter := range call.parameters {
			name, kind, _ := strings.Cut(parameter, " ")
			fmt.Fprintf(&out, `<Parameter Name="%s" Type="%s" Mode="In"/>`, name, kind)
		}
		out.WriteString("</FunctionImport>")
	}
	out.WriteString("</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>")
	return out.Bytes()
}
