package formattest

import (
	"sync"
	"testing"
)

// sized is a number that a test with -short makes smaller.
func sized(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}

// crowded is how many publish at once where there is much to publish: writes that come together share a commit.
const crowded = 128

// together does something n times, many at once.
func together(n int, do func(int)) {
	next := make(chan int)
	var wait sync.WaitGroup
	for range crowded {
		wait.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
}

// manyVersions: a registry has them in one document; here they are published one by one.
func (p *play) manyVersions() {
	count := sized(5000, 50)
	outside, ours := make([]Release, count), make([]Release, count)
	want := make([]string, count)
	for n := range count {
		outside[n], ours[n], want[n] = p.release(p.Name(0), n), p.release(p.Name(1), n), versionOf(n)
	}
	p.offer(outside...)
	together(count, func(n int) { p.tryPublished(ours[n]) })
	for _, releases := range [][]Release{outside, ours} {
		p.lists(team, releases[0].Name, want...)
		p.installs(team, releases[count/2])
	}
}

// tryPublished publishes from a goroutine of a test.
func (p *play) tryPublished(r Release) {
	if got := p.tryPublish(team, r); got.err != nil || got.status/100 != 2 {
		p.t.Errorf("publishing %s %s: got %d %.500s, %v", r.Name, r.Version, got.status, got.body, got.err)
	}
}

func (p *play) manyPackages() {
	count := sized(10000, 100)
	names := make([]string, count)
	for n := range names {
		names[n] = p.Name(n)
	}
	together(count, func(n int) { p.tryPublished(p.release(names[n], 0)) })
	if n := p.Published(); n != count {
		p.t.Errorf("%d versions came into being, want %d", n, count)
	}
	for _, n := range []int{0, count / 2, count - 1} {
		p.lists(team, names[n], versionOf(0))
		p.installs(team, p.release(names[n], 0))
	}
	if p.Packages != nil {
		p.names(team, names...)
	}
}
