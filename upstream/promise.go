package upstream

import (
	"context"
	"net/http"
)

// A promise is what an upstream says that a file must be, found out while the file comes.
type promise struct {
	answer chan http.Header // of the file's request, once
	leave  context.CancelFunc

	known chan struct{} // closed when the following are set
	want  Want
	err   error
}

// findOut begins to find out what the file must be; nil if the request asks for nothing of the kind.
func (c *Client) findOut(ctx context.Context, req AssetRequest) *promise {
	if req.Promise == nil {
		return nil
	}
	p := &promise{answer: make(chan http.Header, 1), known: make(chan struct{})}
	ctx, p.leave = context.WithCancel(ctx)
	end := func(want Want, err error) {
		p.want, p.err = want, err
		close(p.known)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	begun := c.spawn(func(context.Context) {
		want, err := req.Promise(ctx, p.answer)
		if err == nil {
			err = want.check()
		}
		end(want, err)
	}, func(err error) { end(Want{}, err) })
	if !begun {
		end(Want{}, shuttingDown())
	}
	return p
}

// answered tells how the upstream has begun to answer.
func (p *promise) answered(header http.Header) {
	if p != nil {
		p.answer <- header
	}
}

// wait returns what the file must be.
func (p *promise) wait() (Want, error) {
	if p == nil {
		return Want{}, nil
	}
	<-p.known
	return p.want, p.err
}

// close ends the finding out.
func (p *promise) close() {
	if p != nil {
		p.leave()
	}
}
