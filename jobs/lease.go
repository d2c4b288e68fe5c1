package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// errLost is the cause with which a run's context is cancelled when another may hold its lease by now.
var errLost = errors.New("the lease of the job was lost")

// leases are how one process at a time runs a job.
type leases struct {
	catalog catalog.Store
	holder  string
	term    time.Duration
	now     func() time.Time
	log     *slog.Logger
}

// take takes or renews the lease of a job. Conflict if another process has it.
func (l *leases) take(ctx context.Context, job string) (ends time.Time, err error) {
	err = l.catalog.Write(ctx, func(w catalog.Writer) error {
		now := l.now()
		ends = now.Add(l.term)
		return w.TakeLease(catalog.Lease{Name: leaseName(job), Holder: l.holder, EndsAt: ends}, now)
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("take the lease of job %s: %w", job, err)
	}
	return ends, nil
}

func leaseName(job string) string { return "job/" + job }

// under runs work while it holds the lease of a job that was taken until ends, and gives the lease up afterwards. The
// context of work is cancelled because of errLost when the lease was lost, or could not be renewed before its end.
func (l *leases) under(ctx context.Context, job string, ends time.Time, work func(ctx context.Context)) {
	working, lose := context.WithCancelCause(ctx)
	// Not with ctx: work that is told to stop is at work until it returns.
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		l.renew(renewing, job, ends, lose)
	}()
	defer func() {
		stop()
		<-renewed
		lose(nil)
		l.giveUp(ctx, job)
	}()
	work(working)
}

// renew moves the end of the lease again and again until ctx is done or the lease is lost.
func (l *leases) renew(ctx context.Context, job string, ends time.Time, lose context.CancelCauseFunc) {
	for {
		timer := time.NewTimer(l.term / 3)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		// A catalog that does not answer must not keep the work going beyond the end.
		trying, cancel := context.WithTimeout(ctx, ends.Sub(l.now()))
		later, err := l.take(trying, job)
		cancel()
		switch {
		case err == nil:
			ends = later
		case ctx.Err() != nil:
			return
		case artifact.Is(err, artifact.Conflict), !l.now().Before(ends):
			lose(errLost)
			return
		default:
			l.log.WarnContext(ctx, "the lease of job "+job+" could not be renewed and is tried again", "job", job,
				"error", err.Error())
		}
	}
}

// giveUp ends the lease, so that the next run need not wait for its end. It is done for a runner that is told to stop
// too; what it cannot do ends by itself.
func (l *leases) giveUp(ctx context.Context, job string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.term/3)
	defer cancel()
	err := l.catalog.Write(ctx, func(w catalog.Writer) error { return w.EndLease(leaseName(job), l.holder) })
	if err != nil && !artifact.Is(err, artifact.NotFound) {
		l.log.WarnContext(ctx, "the lease of job "+job+" was not given up", "job", job, "error", err.Error())
	}
}
