package delivery

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestAllTargetsOfAnAccountThatAreAwayCostABoundedNumberOfRowsAndMissNothing(t *testing.T) {
	story(t, func(h *house, _ *receiver) {
		const most, targets, happening = 2*portion + 50, 20, 100
		away := &receiver{takes: func(string) error { return errRefused }}
		h.targets = nil
		for i := range targets {
			h.targets = append(h.targets, Target{Name: fmt.Sprintf("%s/rule/%d", account, i), Account: account, To: away})
		}
		healthy := &receiver{}
		h.targets = append(h.targets, Target{Name: account + "/rule/healthy", Account: account, To: healthy},
			Target{Name: "operators", To: &receiver{takes: func(string) error { return errRefused }}})
		var all []string
		waits := func() (rows int) {
			for i := range targets {
				rows += len(h.deliveries(fmt.Sprintf("%s/rule/%d", account, i), false))
			}
			return rows
		}
		for n := range 3 { // three servers, one after the other
			s := h.service()
			s.backlog.most = most
			ctx, stop := context.WithCancel(context.WithoutCancel(h.Context()))
			ended := make(chan error)
			go func() { ended <- s.Run(ctx) }()
			for i := range happening {
				name := fmt.Sprintf("%c%d", 'a'+n, i)
				all = append(all, name+"@1")
				h.happens("1", name)
			}
			synctest.Wait()
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			if rows := waits(); rows > most+targets*few || rows == 0 {
				h.Errorf("%d events wait as rows, want %d at most", rows, most+targets*few)
			}
			want(h, "a target was told that takes events", len(healthy.had()), len(all))
			if n == 2 { // what the others missed comes when they are back
				away.set(nil)
				time.Sleep(2 * longest)
				synctest.Wait()
				want(h, "rows that wait in the end", waits(), 0)
			}
			stop()
			<-ended
		}
		got := away.had()
		slices.Sort(got)
		slices.Sort(all)
		want(h, "told", got, slices.Sorted(slices.Values(slices.Repeat(all, targets))))
	})
}
