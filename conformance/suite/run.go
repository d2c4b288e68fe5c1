package suite

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
)

// Options say what is run, and against what.
type Options struct {
	URL, Region string // of the endpoint; an empty URL is AWS's own
	STS         string // where temporary credentials come from; empty for the same URL, or AWS's own
	Bundle      string // file of certificates that are believed in place of the system's; empty for those
	Key         Key    // of somebody who may do everything in an account
	// Clients are those that make the calls: own, sdk, bot and cli. Python is the interpreter for bot.
	Clients []string
	Python  string
	// Public is a version that the endpoint's public:npmjs has, such as left-pad@1.3.0; without it what is fetched from outside is
	// not tried.
	Public string
	// Strict tries what no document of AWS's says, and Entrepot does; Deep tries odd characters in every text.
	Strict, Deep bool
	// Throttling tries nothing but rates: the endpoint is set to admit few requests a second.
	Throttling bool
	PerSecond  float64 // requests a second at most; 0 for any number
	Domains    int     // that may be there at a time, one for all clients and one each; no fewer than that
}

// prefixed matches what names of everything begin with that a run makes.
const prefixed = "conf-[0-9a-f]{6}"

// conductor has the clients make their calls, and takes down what came of it.
type conductor struct {
	Options
	clients []Client
	prefix  string
	vars    map[string]string // of every book
	began   time.Time
	pace    *rate.Limiter
	roots   *x509.CertPool

	mu     sync.Mutex
	made   map[string]bool // domains that were created and not deleted
	report *Report
}

// Run makes every call and cleans up after itself. The report says what was found; an error says that the run could not be made,
// or that something is left behind.
func Run(ctx context.Context, o Options) (r *Report, err error) {
	c := &conductor{Options: o, made: map[string]bool{}, report: newReport(), pace: rate.NewLimiter(rate.Inf, 1)}
	if o.PerSecond > 0 {
		c.pace = rate.NewLimiter(rate.Limit(o.PerSecond), 1)
	}
	if err := c.hire(ctx); err != nil {
		return nil, err
	}
	defer func() {
		// Whoever is interrupted cleans up too.
		err = errors.Join(err, c.cleanUp(context.WithoutCancel(ctx)))
		for _, client := range c.clients {
			err = errors.Join(err, client.Close())
		}
	}()
	if err := c.deniedAtAll(ctx); err != nil {
		return nil, err
	}
	if o.Throttling {
		return c.report, c.throttle(ctx)
	}
	if err := c.share(ctx); err != nil {
		return nil, err
	}
	return c.report, errors.Join(c.limits(ctx), c.chapters(ctx))
}

// hire makes a name for what is made, credentials for everybody who calls, and the clients.
func (c *conductor) hire(ctx context.Context) error {
	random := make([]byte, 3)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	c.prefix = "conf-" + hex.EncodeToString(random)
	var err error
	if c.roots, err = certificates(c.Bundle); err != nil {
		return err
	}
	caller, err := c.identity(ctx)
	if err != nil {
		return err
	}
	powerless, err := c.powerless(ctx)
	if err != nil {
		return err
	}
	c.vars = map[string]string{"owner": caller, "region": c.Region, "shared": c.prefix + "-shared", "nowhere": c.prefix + "-nowhere"}
	c.vars["public"], c.vars["version"], _ = strings.Cut(c.Public, "@")
	e := Endpoint{URL: c.URL, Region: c.Region, Bundle: c.Bundle, roots: c.roots, Keys: map[string]Key{administrator: c.Key, nobody: powerless,
		forger: {ID: c.Key.ID, Secret: strings.Repeat("x", 40), Session: c.Key.Session}}}
	for _, name := range c.Clients {
		client, err := newClient(name, e, c.Python)
		if err != nil {
			return fmt.Errorf("the client %s: %w", name, err)
		}
		c.clients = append(c.clients, client)
	}
	return nil
}

func newClient(name string, e Endpoint, python string) (Client, error) {
	switch name {
	case "own":
		return NewByHand(e), nil
	case "sdk":
		return NewGoSDK(e), nil
	case "bot":
		return NewBoto3(e, python)
	case "cli":
		return NewAWSCLI(e, python)
	}
	return nil, errors.New("there are own, sdk, bot and cli")
}

// do has a client make a call. What does not belong to this run is not touched, whatever a case says.
func (c *conductor) do(ctx context.Context, client Client, r Request) (Answer, error) {
	domain, _ := r.Input["domain"].(string)
	arn, _ := r.Input["resourceArn"].(string)
	lists := r.Operation == "ListDomains" || r.Operation == "ListRepositories"
	if r.As != nobody && !lists && !strings.HasPrefix(domain, c.prefix+"-") && !strings.Contains(arn, "/"+c.prefix+"-") &&
		!slices.Contains(harmless, domain+arn) {
		return Answer{}, fmt.Errorf("%s of %q is none of this run's and is not touched", r.Operation, domain+arn)
	}
	if err := c.pace.Wait(ctx); err != nil {
		return Answer{}, err
	}
	a, err := client.Do(ctx, r)
	if err == nil && a.Refusal == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch r.Operation {
		case "CreateDomain":
			c.made[domain] = true
		case "DeleteDomain":
			delete(c.made, domain)
		}
	}
	return a, err
}

// harmless name nothing that can exist.
var harmless = []string{"my_domain", "no-arn"}

// deniedAtAll makes sure that nobody may do nothing: the limits rest on it.
func (c *conductor) deniedAtAll(ctx context.Context) error {
	for _, client := range c.clients {
		a, err := c.do(ctx, client, Request{Operation: "ListDomains", As: nobody, Input: map[string]any{}, refused: true})
		if err != nil {
			return err
		}
		if a.Refusal == nil || a.Refusal.Code != denied && a.Refusal.Code != throttled {
			return fmt.Errorf("credentials that may do nothing list domains (%s): got %+v; nothing was tried", client.Name(), a.Refusal)
		}
	}
	return nil
}

// limits has every client that can send them make the limits of every operation.
func (c *conductor) limits(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, client := range c.clients {
		if client.Name() == "cli" { // which checks many of them itself, and takes its time
			continue
		}
		group.Go(func() error {
			for _, operation := range model.Names() {
				for _, l := range Limits(operation) {
					if l.Strict && !c.Strict || l.Kind == oddTexts && !c.Deep || !client.Sends(l.Request) {
						continue
					}
					r := l.Request
					r.As = nobody
					a, err := c.do(ctx, client, r)
					if ctx.Err() != nil {
						return ctx.Err()
					}
					objection := l.Judge(a, c.Strict)
					if err != nil {
						objection = err.Error()
					}
					c.took(client, operation, l.Kind, l.What, objection)
					if l.Want == "" {
						c.report.provoked(operation, denied)
					} else {
						c.report.provoked(operation, invalid)
					}
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (c *conductor) took(client Client, operation, kind, what, objection string) {
	c.report.took(client.Name(), operation, kind, what, objection)
}

// chapters tells all of them, a few at a time, and at the end the one that counts what others make.
func (c *conductor) chapters(ctx context.Context) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(max(1, (c.Domains-1)/len(c.clients)))
	for _, told := range chapters {
		if !told.public || c.Public != "" {
			group.Go(func() error { return c.tell(within, told) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return errors.Join(c.tell(ctx, account), c.pages(ctx))
}

// open makes the domain of a client in a chapter, with what the chapter needs.
func (c *conductor) open(ctx context.Context, client Client, told chapter) (*book, error) {
	b := &book{vars: maps.Clone(c.vars), numbers: map[string]string{}, began: c.began, strict: c.Strict}
	b.vars["client"], b.vars["domain"] = client.Name(), c.prefix+"-"+told.name+"-"+client.Name()
	maker := c.clients[0] // the first is the quickest
	for _, r := range told.setup {
		request, err := b.request(r)
		if err != nil {
			return nil, err
		}
		if got, err := c.do(ctx, maker, request); err != nil || got.Refusal != nil {
			return nil, fmt.Errorf("setup of %s: %s %s: got %+v (%w)", b.vars["domain"], r.operation, r.input, got.Refusal, err)
		}
	}
	return b, c.publish(ctx, b.vars["domain"], told.packages)
}

// tell goes through a chapter. Every row is done by all clients before the next, so that each finds what the others find.
func (c *conductor) tell(ctx context.Context, told chapter) error {
	books := make([]*book, len(c.clients))
	for i, client := range c.clients {
		var err error
		if books[i], err = c.open(ctx, client, told); err != nil {
			return err
		}
	}
	for _, r := range told.rows {
		if err := c.row(ctx, told, r, books); err != nil {
			return fmt.Errorf("%s: %s of %s: %w", told.name, r.name, r.operation, err)
		}
	}
	for _, b := range books {
		if err := c.remove(ctx, b.vars["domain"]); err != nil {
			return err
		}
	}
	return nil
}

// passedOver reports whether another client makes a call in the place of this one.
func passedOver(client Client, told chapter, r row) bool {
	return client.Name() == "cli" && !firsts[told.name+r.operation+r.name]
}

func (c *conductor) row(ctx context.Context, told chapter, r row, books []*book) error {
	answers, errs, requests := make([]*Answer, len(c.clients)), make([]error, len(c.clients)), make([]Request, len(c.clients))
	var group errgroup.Group
	for i, client := range c.clients {
		if passedOver(client, told, r) {
			client = c.clients[0]
		}
		group.Go(func() error {
			request, err := books[i].request(r)
			if err != nil {
				return err
			}
			answer, err := c.do(ctx, client, request)
			answers[i], errs[i], requests[i] = &answer, err, request
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	what, first := told.name+": "+r.name, -1
	for i, client := range c.clients {
		if errs[i] != nil {
			c.took(client, r.operation, written, what, errs[i].Error())
			continue
		}
		var wrong []string
		if client.Name() != "cli" && r.code != forged {
			wrong = shapeErrors(r.operation, *answers[i])
		}
		if err := books[i].note(r, *answers[i]); err != nil {
			wrong = append(wrong, err.Error())
		}
		if err := lifetime(requests[i], *answers[i]); err != nil {
			wrong = append(wrong, err.Error())
		}
		*answers[i] = books[i].normal(*answers[i])
		if err := books[i].judge(r, *answers[i]); err != nil {
			wrong = append(wrong, err.Error())
		}
		if first < 0 {
			first = i
		} else if diff := disagreement(*answers[first], *answers[i]); diff != "" {
			wrong = append(wrong, fmt.Sprintf("%s and %s disagree (-%[1]s +%[2]s):\n%s", c.clients[first].Name(), client.Name(), diff))
		}
		if !passedOver(client, told, r) {
			c.took(client, r.operation, written, what, strings.Join(wrong, "; "))
		}
	}
	if r.code != "" {
		c.report.provoked(r.operation, r.code)
	}
	return nil
}
