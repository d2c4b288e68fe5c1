package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"entrepot/e2e/fakepypi"
)

// pipInstall installs, of each project that has a wheel for every Python 3, the newest that the folder has, without what they
// depend on.
func (s settings) pipInstall(folder string) (*installation, error) {
	wheels, err := chooseWheels(os.DirFS(s.python), s.packages)
	if err != nil {
		return nil, err
	}
	offered := filepath.Join(folder, "wheels")
	if err := os.Mkdir(offered, 0o755); err != nil {
		return nil, err
	}
	var requirements strings.Builder
	for _, wheel := range wheels {
		content, err := os.ReadFile(filepath.Join(s.python, wheel))
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(offered, path.Base(wheel)), content, 0o644); err != nil {
			return nil, err
		}
		parts := strings.Split(path.Base(wheel), "-")
		fmt.Fprintf(&requirements, "%s==%s\n", parts[0], parts[1])
	}
	registry := fakepypi.New(fakepypi.Manners{})
	if err := registry.Offer(os.DirFS(offered)); err != nil {
		return nil, err
	}
	return &installation{
		name: fmt.Sprintf("pip install of %d packages", len(wheels)), registry: registry,
		format: "pypi", upstream: "pypi", index: "simple/",
		prepare: func(folder string) error { return write(folder, "requirements.txt", requirements.String()) },
		client:  s.pipClient,
		counts:  func(string) bool { return true },
	}, nil
}

// chooseWheels returns the paths of wheels, at most so many, one of a project.
func chooseWheels(folder fs.FS, most int) ([]string, error) {
	projects, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	var chosen []string
	for _, project := range projects {
		wheels, err := fs.Glob(folder, project.Name()+"/*-none-any.whl")
		if err != nil {
			return nil, err
		}
		wheels = slices.DeleteFunc(wheels, func(name string) bool {
			parts := strings.Split(path.Base(name), "-")
			return len(parts) != 5 || !strings.Contains(parts[2], "py3")
		})
		// The folder's own order is good enough for the newest: it decides only which one is measured with.
		if len(wheels) > 0 && len(chosen) < most {
			chosen = append(chosen, wheels[len(wheels)-1])
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("the folder of -python has no wheels for every Python 3 in PROJECT/FILE")
	}
	return chosen, nil
}

func (s settings) pipClient(ctx context.Context, folder, base, token, into string) (*exec.Cmd, error) {
	index, err := url.Parse(base + "simple/")
	if err != nil {
		return nil, err
	}
	index.User = url.UserPassword("aws", token)
	cmd := exec.CommandContext(ctx, s.pip, "install", "--isolated", "--quiet", "--disable-pip-version-check", "--no-input",
		"--no-cache-dir", "--no-compile", "--no-deps", "--ignore-requires-python", "--index-url", index.String(),
		"--target", into, "--requirement", filepath.Join(folder, "requirements.txt"))
	cmd.Env = append(os.Environ(), "PIP_CONFIG_FILE="+os.DevNull, "PIP_ROOT_USER_ACTION=ignore")
	return cmd, nil
}
