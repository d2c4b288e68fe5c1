package repository_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/disk"
	"entrepot/blob/disk/fault"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/iam"
	"entrepot/repository"
)

// diskStores keeps the domains' bytes encrypted on a disk whose operations can fail.
type diskStores struct {
	disk    *disk.Disk
	keyring *sealed.Keyring
}

func (v diskStores) DomainKey(catalog.Reader, iam.Caller, string) (catalog.WrappedKey, error) {
	return catalog.WrappedKey{DataKey: v.keyring.NewDataKey()}, nil
}

func (v diskStores) Open(d catalog.Domain) (blob.Store, error) {
	space, err := v.disk.Space(fmt.Sprintf("domain-%d", d.ID))
	if err != nil {
		return nil, err
	}
	key, err := v.keyring.Unwrap(d.DataKey)
	return sealed.New(space, key), err
}

// accident is what befalls a life: at the n-th operation on the disk, or at the n-th commit of the catalog, the process
// dies or the operation fails.
type accident struct {
	onCommit bool
	n        int64
	when     fault.Moment
	kill     bool
}

func (a accident) String() string {
	text := "failure"
	if a.kill {
		text = "death"
	}
	if a.onCommit {
		return fmt.Sprintf("%s_%s_commit_%d", text, a.when, a.n)
	}
	return fmt.Sprintf("%s_%s_operation_%d", text, a.when, a.n)
}

func (a accident) fault() fault.Fault {
	if a.kill {
		return fault.Fault{When: a.when, Do: fault.Kill}
	}
	return fault.Fault{When: a.when, Err: &fs.PathError{Op: "fault", Path: "x", Err: syscall.EIO}}
}

const marker = "plaintext that must not be found on the disk"

// What a life writes: one version published, one fetched through an upstream, one copied, one deleted; and the fetched
// one once more, over bytes that were damaged.
var (
	publishedBody = big("published " + marker)
	fetchedBody   = big("fetched " + marker)
)

// live publishes, fetches, copies, deletes and heals in a folder that setUp prepared, and says a word for each thing that was
// acknowledged. It reports how many operations and commits it took.
func live(t *testing.T, dir string, a accident, say func(string)) (operations, commits int64) {
	var script fault.Script
	d, err := disk.Open(filepath.Join(dir, "blobs"), disk.Options{FS: script.FS(disk.OS)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	keyring, err := sealed.OpenKeyring(dir)
	if err != nil {
		t.Fatal(err)
	}
	begun := false
	hooks := sqlcatalog.Options{
		BeforeCommit: func() error {
			if !begun {
				return nil
			}
			commits++
			if a.onCommit && a.n == commits && a.when == fault.Before {
				if a.kill {
					fault.Kill()
				}
				return syscall.EIO
			}
			return nil
		},
		AfterCommit: func() {
			if begun && a.onCommit && a.kill && a.n == commits && a.when == fault.After {
				fault.Kill()
			}
		},
	}
	registry := newRegistry(t)
	registry.offer("left@1.0.0", fetchedBody)
	h := openFixture(t, dir, diskStores{d, keyring}, registry, hooks)
	defer h.close()
	begun = true
	if !a.onCommit && a.n > 0 {
		script.Follow(fault.At(a.n, a.fault()))
	} else {
		script.Follow(nil)
	}
	if _, err := h.tryPublish("r", "mine@1.0.0", publishedBody, "latest"); err == nil {
		say("mine@1.0.0")
	}
	if body, err := h.tryFetch("r", "left@1.0.0"); err == nil && body == fetchedBody {
		say("left@1.0.0")
	} else if len(body) >= len(fetchedBody) {
		t.Errorf("a whole body came with error %v", err)
	}
	v := at("mine@1.0.0")
	out, err := h.rules.Copy(t.Context(), h.owner,
		repository.CopySpec{From: key("r"), To: key("d"), PackageKey: v.PackageKey,
			Selection: repository.Selection{Versions: []string{v.Version}}})
	if err == nil && len(out.Successful) == 1 {
		say("copy")
	}
	out, err = h.rules.DeleteVersions(t.Context(), h.owner, key("r"), v.PackageKey,
		repository.Selection{Versions: []string{v.Version}})
	if err == nil && len(out.Successful) == 1 {
		say("deleted")
	}
	if flip(kept(dir, fetchedBody), 150_000) != nil {
		return script.Count(), commits // it was not fetched
	}
	say("damaged")
	for range 2 { // the first to meet the damage breaks off
		if body, err := h.tryFetch("r", "left@1.0.0"); err == nil && body == fetchedBody {
			say("healed")
			break
		} else if len(body) >= len(fetchedBody) {
			t.Errorf("a whole body came with error %v", err)
		}
	}
	return script.Count(), commits
}

// setUp makes the repositories: r over x with the external connection, and d.
func setUp(t testing.TB, dir string) {
	d, err := disk.Open(filepath.Join(dir, "blobs"), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	keyring, err := sealed.OpenKeyring(dir)
	if err != nil {
		t.Fatal(err)
	}
	h := openFixture(t, dir, diskStores{d, keyring}, newRegistry(t), sqlcatalog.Options{})
	defer h.close()
	_, err = h.rules.CreateDomain(t.Context(), h.owner, repository.DomainSpec{Name: domainKey.Name})
	h.check(err)
	h.repo("x")
	h.connect("x")
	h.repo("r", "x")
	h.repo("d")
}

// wantWhole opens the folder as the next process would and checks the invariants: what was acknowledged is there with
// the right bytes, what was not is whole or absent, nothing refers to bytes that are not there, and no plaintext lies
// on the disk.
func wantWhole(t *testing.T, dir string, said map[string]bool) {
	t.Helper()
	d, err := disk.Open(filepath.Join(dir, "blobs"), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	keyring, err := sealed.OpenKeyring(dir)
	if err != nil {
		t.Fatal(err)
	}
	registry := newRegistry(t)
	registry.offer("left@1.0.0", fetchedBody)
	if !said["damaged"] || said["healed"] {
		registry.goDown()
	}
	h := openFixture(t, dir, diskStores{d, keyring}, registry, sqlcatalog.Options{})
	defer h.close()
	if err := h.catalog.(*sqlcatalog.Store).Check(t.Context()); err != nil {
		t.Errorf("the catalog is damaged: %v", err)
	}
	bodies := map[string]string{"mine@1.0.0": publishedBody, "left@1.0.0": fetchedBody}
	held := map[string]bool{}
	for _, repo := range []string{"r", "x", "d"} {
		for coordinate, body := range bodies {
			_, err := h.rules.Version(t.Context(), key(repo), at(coordinate))
			if artifact.Is(err, artifact.NotFound) {
				continue
			}
			h.check(err)
			held[repo+" "+coordinate] = true
			if _, err := h.tryFetch(repo, coordinate); !errors.Is(err, blob.ErrCorrupt) || !said["damaged"] || said["healed"] {
				h.check(err)
			}
			h.fetches(repo, coordinate, body)
			if pkg, err := h.rules.Package(t.Context(), key(repo), at(coordinate).PackageKey); err != nil {
				t.Errorf("%s in %s has no package: %v, %v", coordinate, repo, pkg, err)
			}
		}
	}
	if said["mine@1.0.0"] && !said["deleted"] && !held["r mine@1.0.0"] && !unsure(said) {
		t.Error("an acknowledged publish is lost")
	}
	if said["deleted"] && held["r mine@1.0.0"] {
		t.Error("an acknowledged deletion is undone")
	}
	if said["copy"] && !held["d mine@1.0.0"] {
		t.Error("an acknowledged copy is lost")
	}
	if said["left@1.0.0"] && !(held["r left@1.0.0"] && held["x left@1.0.0"]) {
		t.Error("an acknowledged fetch is lost")
	}
	if held["r left@1.0.0"] != held["x left@1.0.0"] {
		t.Error("a fetch is kept in one of two repositories")
	}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(marker)) {
			t.Errorf("plaintext in %s", path)
		}
		return err
	})
	h.check(err)
}

// unsure reports whether the life ended between the copy and the deletion, so that the deletion may have happened
// without having been acknowledged.
func unsure(said map[string]bool) bool { return said["copy"] && !said["deleted"] }

func accidents(t *testing.T, kill bool) []accident {
	t.Helper()
	dir := t.TempDir()
	setUp(t, dir)
	said := map[string]bool{}
	operations, commits := live(t, dir, accident{}, func(word string) { said[word] = true })
	if len(said) != 6 {
		t.Fatalf("a life without accidents acknowledged only %v", said)
	}
	wantWhole(t, dir, said)
	var all []accident
	for n := int64(1); n <= operations; n++ {
		all = append(all, accident{n: n, when: fault.Before, kill: kill}, accident{n: n, when: fault.After, kill: kill})
	}
	for n := int64(1); n <= commits; n++ {
		all = append(all, accident{onCommit: true, n: n, when: fault.Before, kill: kill})
		if kill {
			all = append(all, accident{onCommit: true, n: n, when: fault.After, kill: true})
		}
	}
	return all
}

func TestFailureOfEveryStepOfPublishAndIngest(t *testing.T) {
	for i, a := range accidents(t, false) {
		if testing.Short() && i%7 != 0 {
			continue
		}
		t.Run(a.String(), func(t *testing.T) {
			dir := t.TempDir()
			setUp(t, dir)
			said := map[string]bool{}
			live(t, dir, a, func(word string) { said[word] = true })
			wantWhole(t, dir, said)
		})
	}
}

// lifeVariable tells a child process of the test which folder to live in and what befalls it.
const lifeVariable = "ENTREPOT_TEST_LIFE"

func TestDeathAtEveryStepOfPublishAndIngest(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for every step")
	}
	for _, a := range accidents(t, true) {
		t.Run(a.String(), func(t *testing.T) {
			dir := t.TempDir()
			setUp(t, dir)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestLife$")
			child.Env = append(os.Environ(), fmt.Sprintf("%s=%s %v %d %d", lifeVariable, dir, a.onCommit, a.n, a.when))
			out, err := child.Output()
			// How often a reader looks into the draft it follows differs from life to life, so the last few operations
			// may not come; then the life was whole.
			status, ok := child.ProcessState.Sys().(syscall.WaitStatus)
			if err != nil && (!ok || status.Signal() != syscall.SIGKILL) {
				t.Fatalf("the process was to be killed: %v\n%s", err, out)
			}
			said := map[string]bool{}
			for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
				said[lines.Text()] = true
			}
			wantWhole(t, dir, said)
		})
	}
}

// TestLife is the child process of the test above; on its own it has nothing to do.
func TestLife(t *testing.T) {
	words := strings.Fields(os.Getenv(lifeVariable))
	if len(words) != 4 {
		return
	}
	live(t, words[0], parseAccident(t, words[1:]), func(word string) { fmt.Println(word) })
}

// parseAccident reads the death that a child process is told: whether it comes on a commit, on which, and when.
func parseAccident(t *testing.T, words []string) accident {
	t.Helper()
	n, err1 := strconv.ParseInt(words[1], 10, 64)
	when, err2 := strconv.Atoi(words[2])
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return accident{onCommit: words[0] == "true", n: n, when: fault.Moment(when), kill: true}
}
