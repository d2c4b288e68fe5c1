package nuget

import (
	"net/http"

	"entrepot/format"
)

// service is a resource of the service index.
type service struct {
	ID            string `json:"@id"`
	Type          string `json:"@type"`
	ClientVersion string `json:"clientVersion,omitempty"`
	Comment       string `json:"comment,omitempty"`
}

// Paths of the resources. All but that of version 2 are below that of the service index: .NET sends credentials unasked there.
const (
	servicePath  = "v3/"
	indexPath    = servicePath + "index.json"
	flatPath     = servicePath + "flatcontainer/"
	catalogPath  = servicePath + "catalog/"
	queryPath    = servicePath + "query"
	completePath = servicePath + "autocomplete"
	publishPath  = servicePath + "package"
	symbolsPath  = servicePath + "symbolpackage"
	readmePath   = servicePath + "readme/"
	galleryPath  = "v2"
)

// services are the resources with the types by which clients look for them. Of each kind clients ask for some names only, and
// older ones for others than newer ones: NuGet 4.9 knows neither RegistrationsBaseUrl/3.6.0 nor the bare name, and no client
// looks for SearchQueryService/3.5.0 (NuGet.Client, ServiceTypes).
var services = []struct {
	path          string
	types         []string
	clientVersion string
}{
	{flatPath, []string{"PackageBaseAddress/3.0.0"}, ""},
	{plainHive.path, []string{"RegistrationsBaseUrl", "RegistrationsBaseUrl/3.0.0-beta", "RegistrationsBaseUrl/3.0.0-rc"}, ""},
	{plainHive.path, []string{"RegistrationsBaseUrl/3.4.0"}, ""},
	{semVer2Hive.path, []string{"RegistrationsBaseUrl/3.6.0"}, ""},
	{semVer2Hive.path, []string{"RegistrationsBaseUrl/Versioned"}, "4.3.0-alpha"},
	{queryPath, []string{"SearchQueryService", "SearchQueryService/3.0.0-beta", "SearchQueryService/3.0.0-rc",
		"SearchQueryService/3.4.0", "SearchQueryService/3.5.0"}, ""},
	{completePath, []string{"SearchAutocompleteService", "SearchAutocompleteService/3.0.0-beta",
		"SearchAutocompleteService/3.0.0-rc", "SearchAutocompleteService/3.5.0"}, ""},
	{publishPath, []string{"PackagePublish/2.0.0"}, ""},
	{galleryPath, []string{"LegacyGallery", "LegacyGallery/2.0.0"}, ""},
	{readmePath + "{lower_id}/{lower_version}", []string{"ReadmeUriTemplate/6.13.0"}, ""},
}

// getServiceIndex answers with where everything else is. It says nothing of packages, so nothing is looked up.
func getServiceIndex(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	var resources []service
	for _, row := range services {
		for _, name := range row.types {
			resources = append(resources, service{ID: s.URL(row.path), Type: name, ClientVersion: row.clientVersion})
		}
	}
	return format.ServeJSON(w, r, http.StatusOK, struct {
		Version   string    `json:"version"`
		Resources []service `json:"resources"`
	}{"3.0.0", resources})
}

// misdirected are calls of clients that take the repository's address, or a folder of it, for that of a feed of NuGet's
// version 2: they do so wherever the address of a source does not end in index.json. A client would take any answer but 404 for a
// success.
var misdirected = []string{
	"GET /{$}", "GET /v3/{$}", "GET /v3", "GET /FindPackagesById()", "GET /v3/FindPackagesById()", "GET /Packages()", "GET /Search()",
	"GET /$metadata", "PUT /{$}", "PUT /v3/{$}", "PUT /v3/index.json", "PUT /v3/index.json/{$}", "DELETE /{id}/{version}",
	"DELETE /v3/index.json/{id}/{version}",
}

// redirect tells such a client where to go.
func redirect(_ http.ResponseWriter, r *http.Request, s format.Shelf) error {
	return format.OrDenied(r.Context(), s, format.WithStatus(http.StatusNotFound, invalid("There is no feed at this address. Use %s as the "+
		"source, or %s with clients that know version 2 of the protocol only.", s.URL(indexPath), s.URL(galleryPath))))
}
