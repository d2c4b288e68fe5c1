package repository_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob/disk"
	"entrepot/blob/disk/fault"
	"entrepot/blob/sealed"
	"entrepot/catalog/sqlcatalog"
	"entrepot/repository"
)

// cluster is nodes that share a catalog and a byte store. They publish and delete versions of the same few contents and
// collect what is left over, all at once, until something befalls one of the operations. What they publish in their last
// round stays.
type cluster struct{ nodes, rounds int }

var sharedBodies = []string{"one " + marker, "two " + marker, "three " + marker}

// sharedCoordinate names the version of a content that a node publishes in a round.
func sharedCoordinate(node, round, body int) string {
	return fmt.Sprintf("p%d-%d@%d.0.0", node, body, round)
}

// changing are the operations that change contents, after which a death or a failure leaves something else than before.
var changing = []string{fault.Rename, fault.Remove, fault.Chtimes, fault.Sync}

// mishap lets an accident strike the n-th change of the disk or the n-th commit of either catalog, and counts both.
type mishap struct {
	accident
	begun               atomic.Bool
	operations, commits atomic.Int64
	collected           atomic.Int64 // contents that collectors removed
}

func (m *mishap) rule(_ int64, op fault.Op) *fault.Fault {
	if !m.begun.Load() || !slices.Contains(changing, op.Verb) {
		return nil
	}
	if op.Verb == fault.Remove && !strings.Contains(op.Name, "/drafts/") {
		m.collected.Add(1)
	}
	if m.operations.Add(1) != m.n || m.onCommit {
		return nil
	}
	f := m.fault()
	return &f
}

func (m *mishap) options() sqlcatalog.Options {
	strikes := func(n int64, when fault.Moment) bool { return m.onCommit && m.n == n && m.when == when }
	return sqlcatalog.Options{
		Sharing: &sqlcatalog.Sharing{},
		BeforeCommit: func() error {
			if !m.begun.Load() || !strikes(m.commits.Add(1), fault.Before) {
				return nil
			}
			if m.kill {
				fault.Kill()
			}
			return syscall.EIO
		},
		AfterCommit: func() {
			if m.begun.Load() && m.kill && strikes(m.commits.Load(), fault.After) {
				fault.Kill()
			}
		},
	}
}

// collectors run on every node. After one has failed, time passes until its deletion may be taken over, though not while
// another is at work: it would be asleep for as long.
type collectors struct {
	working sync.RWMutex
	passed  time.Duration
}

// run collects until it succeeds, for there is one accident only.
func (c *collectors) run(h *fixture, v repository.DomainStores) {
	for range 2 {
		c.working.RLock()
		passed := c.passed
		err := collect(h.catalog, v, func() time.Time { return time.Now().Add(passed) })
		c.working.RUnlock()
		if err == nil {
			return
		}
		c.working.Lock()
		c.passed += time.Hour
		c.working.Unlock()
	}
}

// live says what is published and what is about to be deleted, and returns what it took.
func (c cluster) live(t *testing.T, dir string, a accident, say func(string)) *mishap {
	m := &mishap{accident: a}
	var script fault.Script
	script.Follow(m.rule)
	d, v := openDisk(t, dir, disk.Options{FS: script.FS(disk.OS)})
	defer d.Close()
	var all collectors
	var living sync.WaitGroup
	var nodes []*fixture
	for range c.nodes {
		h := openFixture(t, dir, v, newRegistry(t), m.options())
		defer h.close()
		nodes = append(nodes, h)
	}
	m.begun.Store(true)
	for node, h := range nodes {
		living.Go(func() {
			for round := range c.rounds {
				for body, text := range sharedBodies {
					publishOnce(h, sharedCoordinate(node, round, body), text, round == c.rounds-1, say)
				}
				all.run(h, v)
			}
		})
	}
	living.Wait()
	return m
}

// publishOnce publishes a version, and deletes it again if it is not to stay.
func publishOnce(h *fixture, coordinate, text string, stays bool, say func(string)) {
	_, err := h.tryPublish("r", coordinate, text)
	for range 20 { // a deletion under way may hold it up for longer than it waits: then a client tries again
		if !artifact.Is(err, artifact.Unavailable) {
			break
		}
		_, err = h.tryPublish("r", coordinate, text)
	}
	if err == nil {
		say("published " + coordinate)
	}
	if stays {
		return
	}
	say("deleting " + coordinate)
	v := at(coordinate)
	_, _ = h.rules.DeleteVersions(h.t.Context(), h.owner, key("r"), v.PackageKey,
		repository.Selection{Versions: []string{v.Version}})
}

func openDisk(t *testing.T, dir string, o disk.Options) (*disk.Disk, diskStores) {
	t.Helper()
	d, err := disk.Open(filepath.Join(dir, "blobs"), o)
	if err != nil {
		t.Fatal(err)
	}
	keyring, err := sealed.OpenKeyring(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d, diskStores{d, keyring}
}

// wantSound opens the folder as a later process would. What was published and not about to be deleted is there, whatever
// is on record can be read whole, also after a collection that cleans up, and then everything can be published.
func (c cluster) wantSound(t *testing.T, dir string, said map[string]bool) {
	t.Helper()
	d, v := openDisk(t, dir, disk.Options{})
	defer d.Close()
	h := openFixture(t, dir, v, newRegistry(t), sqlcatalog.Options{})
	defer h.close()
	readable := func() {
		t.Helper()
		h.check(h.catalog.(*sqlcatalog.Store).Check(t.Context()))
		for node := range c.nodes {
			for round := range c.rounds {
				for body, text := range sharedBodies {
					coordinate := sharedCoordinate(node, round, body)
					_, err := h.rules.Version(t.Context(), key("r"), at(coordinate))
					switch {
					case err == nil:
						h.fetches("r", coordinate, text)
					case !artifact.Is(err, artifact.NotFound):
						t.Error(err)
					case said["published "+coordinate] && !said["deleting "+coordinate]:
						t.Errorf("the acknowledged %s is lost", coordinate)
					}
				}
			}
		}
	}
	readable()
	h.check(collect(h.catalog, v, func() time.Time { return time.Now().Add(24 * time.Hour) }))
	readable()
	for body, text := range sharedBodies {
		coordinate := fmt.Sprintf("last@%d.0.0", body)
		h.publish("r", coordinate, text)
		h.fetches("r", coordinate, text)
	}
}

// mishaps are accidents at points of a life: at every change and commit, or at so many of them, evenly spread. Where
// exactly several nodes then are differs each time.
func (c cluster) mishaps(t *testing.T, kill bool, points int64) (some []accident) {
	t.Helper()
	dir := t.TempDir()
	setUp(t, dir)
	said := spoken{}
	m := c.live(t, dir, accident{}, said.say)
	for node := range c.nodes {
		for body := range sharedBodies {
			if word := "published " + sharedCoordinate(node, c.rounds-1, body); !said.words[word] {
				t.Fatalf("a life without accidents has not %s", word)
			}
		}
	}
	if m.collected.Load() == 0 {
		t.Fatal("nothing was ever collected")
	}
	c.wantSound(t, dir, said.words)
	spread := func(onCommit bool, all int64) {
		step := max(1, all/points)
		for n := int64(1); n <= all; n += step {
			some = append(some, accident{onCommit: onCommit, n: n, when: fault.Before, kill: kill})
			if !onCommit || kill {
				some = append(some, accident{onCommit: onCommit, n: n, when: fault.After, kill: kill})
			}
		}
	}
	spread(false, m.operations.Load())
	spread(true, m.commits.Load())
	return some
}

// spoken gathers what several goroutines say.
type spoken struct {
	mu    sync.Mutex
	words map[string]bool
}

func (s *spoken) say(word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.words == nil {
		s.words = map[string]bool{}
	}
	s.words[word] = true
}

// One node is struck at every point, two at some.
var clusters = map[string]struct {
	cluster
	points int64
}{
	"one_node":  {cluster{1, 2}, 1 << 20},
	"two_nodes": {cluster{2, 4}, 8},
}

func TestCollectionsAndFailuresLoseNothing(t *testing.T) {
	for name, c := range clusters {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				c.points = 4
			}
			for _, a := range c.mishaps(t, false, c.points) {
				t.Run(a.String(), func(t *testing.T) {
					dir := t.TempDir()
					setUp(t, dir)
					said := spoken{}
					c.live(t, dir, a, said.say)
					c.wantSound(t, dir, said.words)
				})
			}
		})
	}
}

// nodesVariable tells a child process of the test how many nodes to be for how long, in which folder, and what befalls
// them.
const nodesVariable = "ENTREPOT_TEST_NODES"

func TestCollectionsAndDeathsLoseNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for every death")
	}
	for name, c := range clusters {
		t.Run(name, func(t *testing.T) {
			for _, a := range c.mishaps(t, true, c.points) {
				t.Run(a.String(), func(t *testing.T) { c.die(t, a) })
			}
		})
	}
}

// die lives in a child process that is killed.
func (c cluster) die(t *testing.T, a accident) {
	dir := t.TempDir()
	setUp(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestLifeAsNodes$")
	child.Env = append(os.Environ(),
		fmt.Sprintf("%s=%d %d %s %v %d %d", nodesVariable, c.nodes, c.rounds, dir, a.onCommit, a.n, a.when))
	out, err := child.Output()
	// How many changes a life takes differs, so the last few may not come; then the life was whole.
	status, ok := child.ProcessState.Sys().(syscall.WaitStatus)
	if err != nil && (!ok || status.Signal() != syscall.SIGKILL) {
		t.Fatalf("the process was to be killed: %v\n%s", err, out)
	}
	said := spoken{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		said.say(lines.Text())
	}
	c.wantSound(t, dir, said.words)
}

// TestLifeAsNodes is the child process of the test above; on its own it has nothing to do.
func TestLifeAsNodes(t *testing.T) {
	words := strings.Fields(os.Getenv(nodesVariable))
	if len(words) != 6 {
		return
	}
	nodes, err1 := strconv.Atoi(words[0])
	rounds, err2 := strconv.Atoi(words[1])
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	cluster{nodes, rounds}.live(t, words[2], parseAccident(t, words[3:]), func(word string) { fmt.Println(word) })
}
