package delivery

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPanicOfASenderIsAFailedAttempt(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		broken, panics := &receiver{}, 3
		broken.set(func(string) error {
			if panics > 0 {
				panics--
				panic("no such thing")
			}
			return nil
		})
		h.targets = append(h.targets, Target{Name: "broken", To: broken})
		var log bytes.Buffer
		s := h.service()
		s.Log = slog.New(slog.NewTextHandler(&log, nil))
		ctx, cancel := context.WithCancel(context.WithoutCancel(h.Context()))
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		h.happens("1", "left")
		synctest.Wait()
		want(t, "the other target was told", to.had(), []string{"left@1"})
		want(t, "waits", h.deliveries("broken", false), []string{"left@1"})
		want(t, "what is wrong", h.target("broken").Problem, "panic: no such thing")
		time.Sleep(time.Minute)
		synctest.Wait()
		want(t, "told in the end", len(broken.had()), 1)
		want(t, "waits in the end", len(h.deliveries("broken", false)), 0)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the run ended with %v", err)
		}
		if n := strings.Count(log.String(), "stack="); n != 1 {
			t.Errorf("a stack was logged %d times, want once:\n%s", n, &log)
		}
	})
}

// stuck takes an event without end.
type stuck struct{ began, release chan struct{} }

func (s *stuck) Send(context.Context, Message) error {
	close(s.began)
	<-s.release
	return nil
}

func TestATargetThatTakesAnEventWithoutEndIsNotWaitedForWithoutEnd(t *testing.T) {
	story(t, func(h *house, to *receiver) {
		pipe := &stuck{make(chan struct{}), make(chan struct{})}
		h.targets = append(h.targets, Target{Name: "pipe", To: pipe})
		stop := h.run()
		h.happens("1", "left")
		<-pipe.began
		synctest.Wait()
		began := time.Now()
		stop()
		want(t, "waited", time.Since(began), farewell)
		want(t, "told", to.had(), []string{"left@1"})
		before := h.target("pipe").Cursor
		close(pipe.release)
		synctest.Wait()
		want(t, "the cursor of who was left behind", h.target("pipe").Cursor, before)
	})
}
