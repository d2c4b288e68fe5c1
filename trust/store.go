package trust

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"entrepot/durable"
)

// store is where a system keeps what its administrator believes.
type store struct {
	os       string
	systems  string   // for people
	folder   string   // one certificate a file; empty where only a command leads in
	suffix   string   // of the files
	update   []string // what makes the system take notice of the folder
	add, del string   // commands for people, where there is no folder; %s is the file, or the certificate's name
}

var stores = []store{
	{os: "linux", systems: "Debian, Ubuntu, Alpine", folder: "usr/local/share/ca-certificates", suffix: ".crt",
		update: []string{"update-ca-certificates"}},
	{os: "linux", systems: "RHEL, Fedora", folder: "etc/pki/ca-trust/source/anchors", suffix: ".pem",
		update: []string{"update-ca-trust", "extract"}},
	{os: "linux", systems: "Arch", folder: "etc/ca-certificates/trust-source/anchors", suffix: ".crt",
		update: []string{"trust", "extract-compat"}},
	{os: "linux", systems: "SUSE", folder: "etc/pki/trust/anchors", suffix: ".pem", update: []string{"update-ca-certificates"}},
	{os: "darwin", systems: "macOS",
		add: "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain '%s'",
		del: "sudo security delete-certificate -c '%s' /Library/Keychains/System.keychain"},
	{os: "windows", systems: "Windows", add: `certutil -addstore -f Root "%s"`, del: `certutil -delstore Root "%s"`},
}

// System is the list of the system, as far as it is ours to change.
type System struct {
	machine Machine
	store   store
}

// SystemOf finds the store of a machine; ok is false if it has none that we know.
func SystemOf(m Machine) (s System, ok bool) {
	for _, store := range stores {
		if store.os != m.OS {
			continue
		}
		if info, err := os.Stat(filepath.Join(m.Root, store.folder)); store.folder == "" || err == nil && info.IsDir() {
			return System{m, store}, true
		}
	}
	return System{}, false
}

// Kind names the systems that keep their list this way.
func (s System) Kind() string { return s.store.systems }

// files are the paths of the authorities in the folder, with what belongs there.
func (s System) files(f Material) map[string][]byte {
	all := map[string][]byte{}
	for _, c := range f.Certificates {
		all[filepath.Join(s.machine.Root, s.store.folder, "entrepot-"+idOf(c)+s.store.suffix)] = pemOf(c)
	}
	return all
}

// Knows reports whether it can be told what the system believes.
func (s System) Knows() bool { return s.store.folder != "" }

// Believes reports whether the system believes all authorities. Where only a command leads in, it is not known, and false.
func (s System) Believes(f Material) bool {
	if s.store.folder == "" {
		return false
	}
	for path, want := range s.files(f) {
		if there, err := os.ReadFile(path); err != nil || !bytes.Equal(there, want) {
			return false
		}
	}
	return true
}

// Commands are what an administrator types to have the system believe the authorities, or no longer.
func (s System) Commands(f Material, remove bool) (lines []string) {
	if s.store.folder == "" {
		for _, c := range f.Certificates {
			if remove {
				lines = append(lines, fmt.Sprintf(s.store.del, c.Subject.CommonName))
			}
		}
		if !remove {
			lines = append(lines, fmt.Sprintf(s.store.add, f.Authority))
		}
		return lines
	}
	verb := "--apply"
	if remove {
		verb = "--remove"
	}
	return []string{fmt.Sprintf("sudo entrepot trust %s --ca '%s' system", verb, f.Authority)}
}

// ErrByHand is of a list that only a command can change, or only an administrator.
var ErrByHand = errors.New("this has to be done by hand")

// Apply puts the authorities into the system's list. ErrByHand means that Commands have to be typed instead.
func (s System) Apply(ctx context.Context, f Material) error {
	return s.change(ctx, func() error {
		for path, text := range s.files(f) {
			if err := durable.WriteFile(path, text, 0o644); err != nil {
				return err
			}
		}
		return nil
	})
}

// Remove takes the authorities out of the system's list, as Apply put them in.
func (s System) Remove(ctx context.Context, f Material) error {
	return s.change(ctx, func() error {
		for path := range s.files(f) {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return durable.SyncFolder(filepath.Join(s.machine.Root, s.store.folder))
	})
}

func (s System) change(ctx context.Context, files func() error) error {
	if s.store.folder == "" {
		return ErrByHand
	}
	program := s.store.update[0]
	if _, err := s.machine.Find(program); err != nil {
		return fmt.Errorf("%s is not here, which makes the system take notice; install the package ca-certificates: %w", program, err)
	}
	if err := files(); errors.Is(err, fs.ErrPermission) {
		return ErrByHand
	} else if err != nil {
		return err
	}
	if err := s.machine.Run(ctx, program, s.store.update[1:]...); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(s.store.update, " "), err)
	}
	return nil
}
