package awsapi

import (
	"time"

	"entrepot/artifact"
	"entrepot/repository"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// Rates are how many requests a second one account may make; zero means any number. AWS's own are 5, 40, 50, 200, 800 and
// 100 (user guide, "Quotas"). They are an operator's choice here, and none is set by default.
type Rates struct {
	Copies int // CopyPackageVersions
	Tokens int // GetAuthorizationToken
	Assets int // GetPackageVersionAsset
	Lists  int // ListPackages, ListPackageVersions and ListPackageVersionAssets, each
	Reads  int // all operations that read, together
	Writes int // all others, together
}

// allowance is how many requests of a kind there may be in a second; zero means any number.
type allowance struct {
	kind      string
	perSecond int
}

// of are the allowances that an operation takes from, the narrower first.
func (r Rates) of(operation repository.Action) [2]allowance {
	all := allowance{"reads", r.Reads}
	if operation.Changes {
		all = allowance{"writes", r.Writes}
	}
	own := map[string]int{
		"CopyPackageVersions":      r.Copies,
		"GetAuthorizationToken":    r.Tokens,
		"GetPackageVersionAsset":   r.Assets,
		"ListPackages":             r.Lists,
		"ListPackageVersions":      r.Lists,
		"ListPackageVersionAssets": r.Lists,
	}[operation.Name]
	return [2]allowance{{operation.Name, own}, all}
}

// throttle counts the requests of accounts.
type throttle struct {
	rates    Rates
	now      func() time.Time
	limiters *lru.Cache[counted, *rate.Limiter]
}

// counted is whose requests of which kind are counted together.
type counted struct {
	account string
	kind    string
}

// maxCounted bounds the table of limiters; those of accounts that were quiet for longest are forgotten.
const maxCounted = 4096

func newThrottle(r Rates, now func() time.Time) *throttle {
	limiters, err := lru.New[counted, *rate.Limiter](maxCounted)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &throttle{r, now, limiters}
}

// admit counts a request, or returns Throttled with the time after which the next one is taken. A second's worth of requests
// may come at once.
func (t *throttle) admit(account string, operation repository.Action) error {
	if t.rates == (Rates{}) {
		return nil
	}
	now := t.now()
	for _, a := range t.rates.of(operation) {
		if a.perSecond <= 0 {
			continue
		}
		key := counted{account, a.kind}
		limiter, known := t.limiters.Get(key)
		if !known {
			limiter = rate.NewLimiter(rate.Limit(a.perSecond), a.perSecond)
			if earlier, raced, _ := t.limiters.PeekOrAdd(key, limiter); raced {
				limiter = earlier
			}
		}
		if !limiter.AllowN(now, 1) {
			err := artifact.Errorf(artifact.Throttled, "Rate exceeded: account %s may make %d such requests (%s) a second.",
				account, a.perSecond, a.kind)
			err.RetryAfter = time.Second
			return err
		}
	}
	return nil
}
