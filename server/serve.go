package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Drain says how a server ends.
type Drain struct {
	// Notice is how long requests are still taken after /readyz has turned 503, so that load balancers see it.
	Notice time.Duration
	// Time is how long requests in flight may take to end, Notice not counted.
	Time time.Duration
}

// quiet is how long no request must have begun or ended before idle connections are closed: an answer that says
// "Connection: close" and the client's next request may cross on the way.
const quiet = 300 * time.Millisecond

// cutTime is how long handlers may take to notice that their connection was cut off.
const cutTime = 5 * time.Second

// Serve answers requests on l until ctx is done, then drains: /readyz answers 503, every answer ends its connection,
// the listener closes after Notice, and requests in flight get Time to end. It returns nil after a drain, also when the
// time was not enough for all and the rest was cut off, which is logged; otherwise the error that stopped it.
// certificate is nil for plain HTTP; HTTP/2 is spoken over TLS only. l is closed in any case.
func (s *Server) Serve(ctx context.Context, l net.Listener, certificate GetCertificate, drain Drain) error {
	var secure *tls.Config
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	if certificate != nil {
		secure = certificate.config()
		protocols.SetHTTP2(true)
	}
	entry := newDoorway(l, secure, s.limits)
	defer entry.Close()
	web := &http.Server{
		Handler:           s,
		TLSConfig:         secure,
		Protocols:         protocols,
		ConnContext:       onWire,
		ReadHeaderTimeout: s.limits.HeadTime,
		// Those two bound what happens before a handler runs and after it; during it the pace counts (see begin).
		ReadTimeout:    s.limits.HeadTime + s.limits.Pace.Patience,
		WriteTimeout:   s.limits.HeadTime + s.limits.Pace.Patience,
		IdleTimeout:    s.limits.IdleTime,
		MaxHeaderBytes: s.limits.Head,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 128,
			SendPingTimeout:      30 * time.Second,
			PingTimeout:          15 * time.Second,
			WriteByteTimeout:     s.limits.Pace.Patience,
		},
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	go func() { stopped <- web.Serve(entry) }()
	select {
	case err := <-stopped:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	s.log.Info("draining", "in_flight", s.active.Load(), "notice_ms", drain.Notice.Milliseconds())
	time.Sleep(drain.Notice)
	cut := s.drain(web, entry, drain.Time)
	if err := <-stopped; !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		s.log.Warn("the listener ended with an error", "error", err.Error())
	}
	if cut > 0 {
		s.log.Warn("drained; some requests were cut off", "requests", cut)
	} else {
		s.log.Info("drained")
	}
	return nil
}

// drain lets requests end and returns how many had to be cut off. net/http's own Shutdown comes last: it drops requests
// that arrive after it began, on connections it had taken for idle.
func (s *Server) drain(web *http.Server, entry *doorway, limit time.Duration) (cut int64) {
	_ = entry.stop()
	deadline := time.Now().Add(limit)
	last, since := int64(-1), time.Now()
	for time.Now().Before(deadline) {
		if ended := s.ended.Load(); s.active.Load() > 0 || ended != last {
			last, since = ended, time.Now()
		}
		if entry.open.Load() == 0 || time.Since(since) >= quiet {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	if err := web.Shutdown(ctx); err != nil {
		cut = s.active.Load()
		_ = web.Close()
		// Handlers see their context end; what they use must not go away before they have.
		for end := time.Now().Add(cutTime); s.active.Load() > 0 && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
	}
	return cut
}
