package clientconfig

import (
	"cmp"
	"os"
	"path/filepath"
)

// User is whose files are meant.
type User struct {
	Home   string
	Getenv func(name string) string // of the terminal
}

// PathOr is the path that a variable names, else the one that the parts make.
func (u User) PathOr(variable string, parts ...string) string {
	return cmp.Or(u.Getenv(variable), filepath.Join(parts...))
}

// Where programs keep what they are told, what they have, what they remember, and what can be had again (XDG Base Directory
// Specification).
func (u User) ConfigFolder() string { return u.PathOr("XDG_CONFIG_HOME", u.Home, ".config") }
func (u User) DataFolder() string   { return u.PathOr("XDG_DATA_HOME", u.Home, ".local", "share") }
func (u User) StateFolder() string  { return u.PathOr("XDG_STATE_HOME", u.Home, ".local", "state") }
func (u User) CacheFolder() string  { return u.PathOr("XDG_CACHE_HOME", u.Home, ".cache") }

// AppFolder is where programs that follow the manners of a Mac keep what they are told there, and ConfigFolder elsewhere: the
// first if it has parts below it already.
func (u User) AppFolder(parts ...string) string {
	mac := filepath.Join(u.Home, "Library", "Application Support")
	if info, err := os.Stat(filepath.Join(append([]string{mac}, parts...)...)); err == nil && info.IsDir() {
		return mac
	}
	return u.ConfigFolder()
}

// NPMRC is the user's .npmrc. npm reads variables of it in either case.
func (u User) NPMRC() File {
	path := cmp.Or(u.Getenv("npm_config_userconfig"), u.PathOr("NPM_CONFIG_USERCONFIG", u.Home, ".npmrc"))
	return File{Path: path, Syntax: NPMRC, Secret: true}
}

// YarnRC is the user's file of yarn 2 and newer.
func (u User) YarnRC() File {
	return File{Path: filepath.Join(u.Home, ".yarnrc.yml"), Syntax: YAML, Secret: true}
}

// PipConf is the user's file of pip. On a Mac it is one of two: the one in a folder that is there (pip's manual,
// "Configuration").
func (u User) PipConf() File {
	return File{Path: u.PathOr("PIP_CONFIG_FILE", u.AppFolder("pip"), "pip", "pip.conf"), Syntax: INI, Secret: true}
}
