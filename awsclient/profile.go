// Package awsclient calls the API as AWS's own clients do: with the access key, the region and the address of a profile.
// It makes the two calls that signing in to a repository needs, and those that only this service has, and is what a program has to
// have that is not to carry an SDK along.
package awsclient

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"entrepot/access/sigv4"
	"entrepot/artifact"
)

// Source says where a profile is read. Its zero value is the user's own files and default profile.
type Source struct {
	Config      string `json:"config,omitempty"`
	Credentials string `json:"credentials,omitempty"`
	Name        string `json:"profile,omitempty"`
	// Bundle is a file of certificates that are believed beside the system's.
	Bundle string `json:"bundle,omitempty"`
	// Alone is set where the environment has no say beside the files.
	Alone bool `json:"alone,omitempty"`
}

// Profile is with what and whom calls are made.
type Profile struct {
	Signer   sigv4.Signer
	Region   string
	Endpoint string
	Bundle   string
}

// FromEnvironment is the source that AWS's tools would use in this terminal: getenv is os.Getenv. The paths it names are
// absolute, so that it means the same in another folder.
func FromEnvironment(getenv func(string) string) Source {
	return Source{
		Config:      absolute(getenv("AWS_CONFIG_FILE")),
		Credentials: absolute(getenv("AWS_SHARED_CREDENTIALS_FILE")),
		Name:        cmp.Or(getenv("AWS_PROFILE"), getenv("AWS_DEFAULT_PROFILE")),
		Bundle:      absolute(getenv("AWS_CA_BUNDLE")),
	}
}

// FromFolder is the profile of a server's data folder, which nothing in the environment changes.
func FromFolder(data, bundle string) Source {
	aws := filepath.Join(absolute(data), "aws")
	return Source{Config: filepath.Join(aws, "config"), Credentials: filepath.Join(aws, "credentials"), Bundle: bundle, Alone: true}
}

func absolute(path string) string {
	if path == "" {
		return ""
	}
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}

// Pinned is the source that gives the same profile in every terminal, whatever its variables say; the source itself if it
// takes something from variables of this one that no file has.
func (s Source) Pinned(getenv func(string) string) Source {
	alone := s
	alone.Alone = true
	home, err := os.UserHomeDir()
	if err == nil {
		alone.Config = cmp.Or(s.Config, filepath.Join(home, ".aws", "config"))
		alone.Credentials = cmp.Or(s.Credentials, filepath.Join(home, ".aws", "credentials"))
	}
	with, err1 := s.Load(getenv)
	without, err2 := alone.Load(getenv)
	if errors.Join(err, err1, err2) != nil || !with.equal(without) {
		return s
	}
	return alone
}

func (p Profile) equal(q Profile) bool {
	return p.Region == q.Region && p.Endpoint == q.Endpoint && p.Bundle == q.Bundle && p.Signer.KeyID == q.Signer.KeyID &&
		p.Signer.Secret.Equal(q.Signer.Secret) && p.Signer.Session.Equal(q.Signer.Session)
}

// Load reads the profile, by the rules of AWS's tools as far as they concern access keys, a region and an address
// (AWS SDKs and Tools reference guide, "Settings reference"): variables win over files, the credentials file over the
// configuration. Errors say what is missing and how to give it.
func (s Source) Load(getenv func(string) string) (Profile, error) {
	p, err := s.read(getenv)
	switch {
	case err != nil:
		return p, err
	case p.Endpoint == "":
		return p, errors.New("nothing says where the server is: " + advice + "set AWS_ENDPOINT_URL")
	}
	return p, p.regional()
}

// Read is Load for a profile that need not say where the server is: AWS's own is where its region says.
func (s Source) Read(getenv func(string) string) (Profile, error) {
	p, err := s.read(getenv)
	if err != nil {
		return p, err
	}
	return p, p.regional()
}

// read reads a profile that has an access key, and may lack all else.
func (s Source) read(getenv func(string) string) (Profile, error) {
	if s.Alone {
		getenv = func(string) string { return "" }
	}
	home, err := os.UserHomeDir()
	if err != nil && (s.Config == "" || s.Credentials == "") {
		return Profile{}, fmt.Errorf("find the AWS profile: %w", err)
	}
	configPath := cmp.Or(s.Config, filepath.Join(home, ".aws", "config"))
	credentialsPath := cmp.Or(s.Credentials, filepath.Join(home, ".aws", "credentials"))
	config, err := readSections(configPath)
	if err != nil {
		return Profile{}, err
	}
	credentials, err := readSections(credentialsPath)
	if err != nil {
		return Profile{}, err
	}
	name := cmp.Or(s.Name, "default")
	settings := config["profile "+name]
	if name == "default" && settings == nil {
		settings = config[name]
	}
	if s.Name != "" && settings == nil && credentials[name] == nil {
		return Profile{}, fmt.Errorf("there is no AWS profile called %q in %s or %s", name, configPath, credentialsPath)
	}
	keys := credentials[name]
	if keys["aws_access_key_id"] == "" {
		keys = settings
	}
	p := Profile{
		Region: cmp.Or(getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION"), settings["region"]),
		Signer: sigv4.Signer{KeyID: keys["aws_access_key_id"], Secret: artifact.NewSecret(keys["aws_secret_access_key"]),
			Session: artifact.NewSecret(keys["aws_session_token"])},
		Bundle: cmp.Or(getenv("AWS_CA_BUNDLE"), s.Bundle, settings["ca_bundle"]),
	}
	if id := getenv("AWS_ACCESS_KEY_ID"); id != "" {
		p.Signer = sigv4.Signer{KeyID: id, Secret: artifact.NewSecret(getenv("AWS_SECRET_ACCESS_KEY")),
			Session: artifact.NewSecret(getenv("AWS_SESSION_TOKEN"))}
	}
	if !strings.EqualFold(getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") {
		services := config["services "+settings["services"]]
		p.Endpoint = cmp.Or(getenv("AWS_ENDPOINT_URL_CODEARTIFACT"), getenv("AWS_ENDPOINT_URL"),
			services["codeartifact.endpoint_url"], settings["endpoint_url"])
	}
	return p, p.keyed(name, settings)
}

// elsewhere are the settings by which AWS's tools get access keys from somewhere else, in place of the file: by a login in a
// browser, from a program, for a role. None of that is done here.
var elsewhere = []string{
	"sso_session", "sso_start_url", "login_session", "credential_process", "role_arn", "credential_source", "web_identity_token_file",
}

// How a profile comes to have what it lacks.
const advice = `run eval "$(entrepot env)", name the server's data folder with --data, or `

func (p Profile) keyed(name string, settings map[string]string) error {
	if p.Signer.KeyID == "" || p.Signer.Secret.IsZero() {
		export := "have the aws command line hand one over: " +
			`eval "$(aws configure export-credentials --format env --profile ` + name + `)"`
		for _, how := range elsewhere {
			if settings[how] != "" {
				return fmt.Errorf("AWS profile %s gets its access key by %s, which entrepot leaves to AWS's own tools; %s",
					name, how, export)
			}
		}
		return fmt.Errorf("AWS profile %s has no access key: "+advice+"%s", name, export)
	}
	return nil
}

func (p Profile) regional() error {
	if p.Region == "" {
		return errors.New("no AWS region is set: " + advice + "set AWS_REGION")
	}
	return nil
}

// sectionName is a section's name as the program looks for it: spaces made one, and without the quotes that the aws command line
// writes around a profile's name that has any.
func sectionName(text string) string {
	kind, name, _ := strings.Cut(strings.Join(strings.Fields(text), " "), " ")
	for _, quote := range []string{"'", `"`} {
		if inner, ok := strings.CutPrefix(name, quote); ok && strings.HasSuffix(inner, quote) {
			name = strings.TrimSpace(strings.TrimSuffix(inner, quote))
		}
	}
	return strings.TrimSpace(kind + " " + name)
}

// ReadKey reads the access key of a profile out of one file of AWS's form, whatever else says of keys. An empty name is default.
func ReadKey(path, profile string) (sigv4.Signer, error) {
	all, err := readSections(path)
	if err != nil {
		return sigv4.Signer{}, err
	}
	name := cmp.Or(profile, "default")
	keys := all[name]
	if keys["aws_access_key_id"] == "" || keys["aws_secret_access_key"] == "" {
		return sigv4.Signer{}, fmt.Errorf("%s has no access key of a profile %s", path, name)
	}
	return sigv4.Signer{KeyID: keys["aws_access_key_id"], Secret: artifact.NewSecret(keys["aws_secret_access_key"]),
		Session: artifact.NewSecret(keys["aws_session_token"])}, nil
}

const maxProfile = 1 << 20

func readSections(path string) (sections, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all, err := parseSections(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// sections are the settings of a file by their sections' names. One within another is called after both, with a dot between.
type sections map[string]map[string]string

// parseSections reads a file of profiles, of a mebibyte at most. Lines that are no settings are passed over, as AWS's
// tools do.
func parseSections(from io.Reader) (sections, error) {
	all := sections{}
	section, outer := "", ""
	limited := &io.LimitedReader{R: from, N: maxProfile + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxProfile)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			name, _, _ := strings.Cut(line[1:], "]")
			section, outer = sectionName(name), ""
			if all[section] == nil {
				all[section] = map[string]string{}
			}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || all[section] == nil {
			continue
		}
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		if nested := lines.Text()[0] == ' ' || lines.Text()[0] == '\t'; nested && outer != "" {
			key = outer + "." + key
		} else {
			outer = ""
			if value == "" {
				outer = key
			}
		}
		all[section][key] = value
	}
	if limited.N == 0 {
		return nil, fmt.Errorf("longer than %d bytes", maxProfile)
	}
	return all, lines.Err()
}
