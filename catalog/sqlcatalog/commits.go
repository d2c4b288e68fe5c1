package sqlcatalog

import "sync"

// commits is what every engine does around a commit.
type commits struct {
	stamps  stamps
	sharing *sharing // nil if nobody else writes
}

func newCommits(o Options) *commits {
	c := &commits{}
	if o.Sharing != nil {
		c.sharing = newSharing(*o.Sharing, &c.stamps)
	}
	return c
}

// hear begins to hear of others' commits. stop ends it.
func (c *commits) hear() {
	if c.sharing != nil {
		c.sharing.stop = sync.OnceFunc(c.sharing.Peers.Hear(c.sharing.take))
	}
}

// stop ends what hear began.
func (c *commits) stop() {
	if c.sharing != nil {
		c.sharing.stop()
	}
}

// listen hears of others' commits at the beginning of a Read.
func (c *commits) listen(r *session) error {
	if c.sharing == nil {
		return nil
	}
	return c.sharing.listen(r)
}

// current reports whether all commits are counted, but for those of others within their bound.
func (c *commits) current() bool { return c.sharing == nil || c.sharing.current(c.sharing.Bound) }

// conclude writes what belongs at the end of a transaction.
func (c *commits) conclude(w *session) error {
	if err := w.writeIndex(); err != nil || c.sharing == nil {
		return err
	}
	return c.sharing.record(w)
}

// made tells of a commit, before anybody is told that it succeeded.
func (c *commits) made(by *changes) {
	c.stamps.count(&by.touched)
	if c.sharing != nil {
		c.sharing.tell(by)
	}
}
