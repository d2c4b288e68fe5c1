package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"entrepot/artifact"
	"entrepot/config"
	"entrepot/freespace"

	"github.com/prometheus/client_golang/prometheus"
)

// room is the watch over the disk of the data folder. Below the mark nothing new is taken, so that signing in, reading
// and deleting go on; docs/operate.md tells who runs the server.
type room struct {
	*freespace.Volume
	log     *slog.Logger
	collect chan struct{} // to have orphans collected now
	low     bool          // as it was told last
	woken   time.Time
}

func openRoom(folder string, l config.Limits, read func(string) (freespace.Reading, error), log *slog.Logger,
	metrics prometheus.Registerer) (*room, error) {
	volume, err := freespace.Open(folder, freespace.Options{
		Mark: int64(l.MinFree), Reserve: int64(l.Reserve), Read: read,
	})
	if err != nil {
		return nil, err
	}
	r := &room{Volume: volume, log: log, collect: make(chan struct{}, 1)}
	return r, r.register(metrics)
}

// register adds the figures that show a lack of room before it is one.
func (r *room) register(metrics prometheus.Registerer) error {
	figures := []struct {
		name, help string
		of         func(freespace.State) float64
	}{
		{"free_bytes", "Bytes that the disk of the data folder has left.", func(s freespace.State) float64 { return float64(s.Free) }},
		{"low", "1 while nothing new is taken because the disk of the data folder is nearly full.",
			func(s freespace.State) float64 { return oneIf(s.Low) }},
		{"reserve", "1 while the reserve for a full disk is there.", func(s freespace.State) float64 { return oneIf(s.Reserved) }},
	}
	for _, f := range figures {
		err := metrics.Register(prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Namespace: "entrepot", Subsystem: "data", Name: f.name, Help: f.help},
			func() float64 {
				s, err := r.State()
				if err != nil {
					return -1
				}
				return f.of(s)
			}))
		if err != nil {
			return fmt.Errorf("register metrics of the data folder: %w", err)
		}
	}
	return nil
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// isLow reports whether nothing new is taken. A disk that does not tell is taken for one with room: writes will say.
func (r *room) isLow() bool {
	s, err := r.State()
	return err == nil && s.Low
}

// admit refuses new content while room is low.
func (r *room) admit() error {
	s, err := r.State()
	if err != nil || !s.Low {
		return nil
	}
	return tooLow(s)
}

// admitDocument refuses new documents of registries when half of what is kept free is gone: what is kept can be listed and
// read only with them.
func (r *room) admitDocument() error {
	s, err := r.State()
	if err != nil || !s.FewFiles && s.Free >= s.Mark/2 {
		return nil
	}
	return tooLow(s)
}

func tooLow(s freespace.State) error {
	left := fmt.Sprintf("%s are free, of which %s are kept", config.Size(s.Free/1024*1024), config.Size(s.Mark/1024*1024))
	if s.FewFiles {
		left = fmt.Sprintf("%d more files can be made on it, and they are kept", s.FreeFiles)
	}
	return artifact.Errorf(artifact.Unavailable, "The disk of the server is nearly full: %s for signing in, reading and "+
		"deleting, so nothing new is taken. Delete what nobody needs, or give it more room.", left)
}

// note tells whoever asks whether the server is ready that it takes nothing new.
func (r *room) note() string {
	if err := r.admit(); err != nil {
		return "read-only: " + err.(*artifact.Error).Reason
	}
	return ""
}

const (
	firstLook = 2 * time.Second
	lookEvery = 10 * time.Second
	// collectEvery is how often orphans are collected while room is low. They are looked for in whole spaces.
	collectEvery = time.Minute
)

// watch looks at the room until ctx is done.
func (r *room) watch(ctx context.Context) {
	for wait := firstLook; ; wait = lookEvery {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		r.look(ctx, time.Now())
	}
}

// look renews the reserve, tells when room becomes low or enough, and while it is low has orphans collected.
func (r *room) look(ctx context.Context, now time.Time) {
	if err := r.Renew(); err != nil {
		r.log.WarnContext(ctx, "the reserve for a full disk could not be made", "error", err.Error())
	}
	s, err := r.State()
	if err != nil {
		r.log.WarnContext(ctx, "the free room of the data folder is not known", "error", err.Error())
		return
	}
	if s.Low != r.low {
		r.low = s.Low
		tell, what := r.log.InfoContext, "there is room again; everything is taken"
		if s.Low {
			tell, what = r.log.WarnContext, "the disk is nearly full; nothing new is taken"
		}
		tell(ctx, what, "free_bytes", s.Free, "mark_bytes", s.Mark, "free_files", s.FreeFiles)
	}
	if s.Low && now.Sub(r.woken) >= collectEvery {
		r.woken = now
		select {
		case r.collect <- struct{}{}:
		default: // a collection is due anyway
		}
	}
}
