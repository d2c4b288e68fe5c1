package prefetch

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"entrepot/artifact"
	"entrepot/lockfile"

	"golang.org/x/sync/errgroup"
)

// silence is how many entries in a row may fail before the run ends: then it is not they that are at fault.
const silence = 16

// Run has a server keep all entries. The summary is whole also with an error, which says why the run has ended before: ctx's own if that
// is over.
func Run(ctx context.Context, s Server, entries []Entry, o Options) (Summary, error) {
	r := &run{server: s, options: o, known: map[artifact.VersionKey]bool{}}
	for _, e := range entries {
		r.known[e.VersionKey] = true
	}
	err := r.all(ctx, entries)
	for range generations {
		needed := r.needed
		if r.needed = nil; err != nil || len(needed) == 0 {
			break
		}
		err = r.all(ctx, needed)
	}
	return r.summaryAfter(err)
}

// generations is how far what is needed is followed: no POM has as many ancestors.
const generations = 32

// maxNeeded bounds what is needed besides the entries, in versions.
const maxNeeded = 100_000

// all has entries kept, whose results stand behind those before.
func (r *run) all(ctx context.Context, entries []Entry) error {
	first := len(r.results)
	for _, e := range entries {
		r.results = append(r.results, Result{Entry: e, Outcome: Untried})
	}
	working, until := errgroup.WithContext(ctx)
	working.SetLimit(max(r.options.Jobs, 1))
	for i := range entries {
		working.Go(func() error {
			if until.Err() != nil {
				return until.Err()
			}
			result, silent, err := r.one(until, entries[i])
			if err != nil {
				return err
			}
			return r.done(first+i, result, silent)
		})
	}
	return working.Wait()
}

// run is one run on its way.
type run struct {
	server  Server
	options Options

	mu       sync.Mutex // guards what follows
	results  []Result
	finished int
	failed   int                          // in a row
	reserved int64                        // bytes
	known    map[artifact.VersionKey]bool // what is or was asked for
	needed   []Entry                      // what the entries of this generation need and nobody has asked for
}

// done notes what became of an entry, or ends the run where one after the other has failed for the moment, however often it was tried.
func (r *run) done(i int, result Result, silent bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[i] = result
	r.finished++
	if r.options.Each != nil {
		r.options.Each(result, r.finished, len(r.results)+len(r.needed))
	}
	if !silent {
		r.failed = 0
		return nil
	}
	if r.failed++; r.failed < silence {
		return nil
	}
	return fmt.Errorf("%d versions in a row have failed, the last because of: %s", r.failed, result.Why)
}

// summaryAfter is what became of all when nobody works any more, and the error that they have ended with.
func (r *run) summaryAfter(err error) (Summary, error) {
	s := Summary{Results: r.results}
	for _, one := range s.Results {
		s.Files += one.Files
		s.Bytes += one.Bytes
	}
	return s, err
}

// reserve takes bytes out of what may be brought in, and reports whether there was room for them.
func (r *run) reserve(bytes int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.options.MaxBytes > 0 && r.reserved+bytes > r.options.MaxBytes {
		return false
	}
	r.reserved += bytes
	return true
}

// tookMore notes bytes that nobody could tell of before they came.
func (r *run) tookMore(bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reserved += bytes
}

// one has an entry kept; silent says that there was no answer that means anything. An error ends the run.
func (r *run) one(ctx context.Context, e Entry) (_ Result, silent bool, _ error) {
	w := &wanted{run: r, Result: Result{Entry: e}}
	err := w.work(ctx)
	var end *ended
	again, temporary := errors.AsType[*Again](err)
	unfit, own := errors.AsType[*Unfit](err)
	switch {
	case err == nil:
		return w.Result, false, nil
	case errors.As(err, &end):
		w.Outcome, w.Why = end.outcome, end.why
		return w.Result, false, nil
	case ctx.Err() != nil:
		return w.Result, false, ctx.Err()
	case temporary:
		w.Outcome, w.Why = Failed, again.Error()
		return w.Result, true, nil
	case own:
		w.Outcome, w.Why = Failed, unfit.Error()
		return w.Result, false, nil
	}
	return w.Result, false, err
}

// ended is how an entry ends that is not kept.
type ended struct {
	outcome Outcome
	why     string
}

func (e *ended) Error() string { return string(e.outcome) + ": " + e.why }

func ending(o Outcome, why string, args ...any) error { return &ended{o, fmt.Sprintf(why, args...)} }

// wanted is an entry on its way.
type wanted struct {
	*run
	Result
	matched bool // a file has one of the digests that the entry knows
}

func (w *wanted) work(ctx context.Context) error {
	if w.Entry.Load != nil {
		if err := w.again(ctx, func() (err error) {
			w.Entry.Files, err = w.Entry.Load(ctx)
			return err
		}); err != nil {
			return err
		}
	}
	found, err := w.ask(ctx, "")
	if err != nil {
		return err
	}
	missing, err := w.missing(found)
	if err != nil {
		return err
	}
	size := int64(0)
	for _, f := range missing {
		size += f.size
	}
	if len(missing) > 0 && !w.reserve(size) {
		return ending(LeftOut, "%d bytes of it would go over what may be brought in", size)
	}
	if w.options.DryRun {
		w.Files, w.Bytes, w.Outcome = len(missing), size, Wanting
		if len(missing) == 0 {
			w.Outcome = There
		}
		return nil
	}
	for _, f := range missing {
		if err := w.bring(ctx, f); err != nil {
			return err
		}
	}
	if !w.matched && w.knowsDigests() {
		return ending(Mismatch, "no file of it has a digest that %s knows", w.Entry.From)
	}
	if w.Outcome = Retained; w.Files == 0 {
		w.Outcome = There
	}
	return nil
}

// knowsDigests reports whether the entry knows its files by their digests alone.
func (w *wanted) knowsDigests() bool {
	for _, f := range w.Entry.Files {
		if f.Name == "" {
			return true
		}
	}
	return false
}

// file is an asset that is to be brought in.
type file struct {
	name     string
	size     int64
	optional bool
}

// missing are the files that are wanted and not kept. Files of other names and digests are none that the lockfile's clients would take.
func (w *wanted) missing(found Answer) ([]file, error) {
	var missing []file
	has := map[string]bool{}
	wanted := 0
	for _, a := range found.Assets {
		has[a.Name] = true
		switch w.Entry.Judge(a.Name, a.Hashes) {
		case lockfile.Unlisted:
			continue
		case lockfile.Wrong:
			return nil, w.differs(a.Name)
		case lockfile.Right:
			w.matched = true
		case lockfile.Unproven:
			// What is here and has no digest to compare is what the lockfile means as far as anybody knows.
			w.matched = w.matched || a.Kept
		}
		if wanted++; !a.Kept {
			missing = append(missing, file{a.Name, a.Size, false})
		}
	}
	for _, f := range w.Entry.Files {
		if f.Name != "" && !has[f.Name] {
			wanted++
			missing = append(missing, file{f.Name, 0, f.Optional})
		}
	}
	if wanted == 0 && len(found.Assets) > 0 {
		return nil, ending(Mismatch, "no file of it has a digest that %s knows", w.Entry.From)
	}
	return missing, nil
}

func (w *wanted) differs(name string) error {
	return ending(Mismatch, "%s has another digest than %s says", name, w.Entry.From)
}

// bring has a file brought in, however often that has to be asked for.
func (w *wanted) bring(ctx context.Context, f file) error {
	for range rounds {
		got, err := w.ask(ctx, f.name)
		if end, ok := errors.AsType[*ended](err); ok && f.optional && end.outcome == NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if len(got.Assets) != 1 || got.Assets[0].Name != f.name {
			return &Unfit{fmt.Errorf("the server has answered something else than %s", f.name)}
		}
		a := got.Assets[0]
		if !a.Kept {
			if err := pause(ctx, between); err != nil {
				return err
			}
			continue
		}
		w.Files++
		w.Bytes += a.Size
		if a.Size > f.size { // nobody could tell before
			w.tookMore(a.Size - f.size)
		}
		switch w.Entry.Judge(a.Name, a.Hashes) {
		case lockfile.Wrong:
			return w.differs(a.Name)
		case lockfile.Right, lockfile.Unproven:
			w.matched = true
		case lockfile.Unlisted:
		}
		return nil
	}
	return &Again{Err: fmt.Errorf("%s has not come, however often it was asked for", f.name)}
}

// needs has versions kept as well that clients read along with this one.
func (w *wanted) needs(keys []artifact.VersionKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range keys {
		if !w.known[key] && len(w.known) < maxNeeded+len(w.results) {
			w.known[key] = true
			// Of a POM that others refer to nothing else is read.
			w.needed = append(w.needed, Entry{Pin: lockfile.Pin{VersionKey: key, Files: lockfile.Describing(key)}, From: w.Entry.From})
		}
	}
}

// ask asks until there is an answer; one that there is nothing to bring ends the entry.
func (w *wanted) ask(ctx context.Context, asset string) (answer Answer, err error) {
	err = w.again(ctx, func() (err error) {
		answer, err = w.server.Ask(ctx, w.Entry.VersionKey, asset)
		return err
	})
	switch {
	case err != nil:
		return answer, err
	case answer.Ending == Served:
		w.needs(answer.Needs)
	case answer.Ending == Absent:
		return answer, ending(NotFound, "%s", answer.Why)
	case answer.Ending == Withheld:
		return answer, ending(KeptAway, "%s", answer.Why)
	default:
		return answer, &Unfit{fmt.Errorf("the server has answered %.40q, which is no ending that is known", answer.Ending)}
	}
	return answer, nil
}
