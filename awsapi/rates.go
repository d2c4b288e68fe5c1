package awsapi

import (
	"time"

	"entrepot/artifact"
	"entrepot/ratelimit"
	"entrepot/repository"
)

// Rates are how many requests a second one account may make; zero means any number. AWS's own are 5, 40, 50, 10, 200, 800
// and 100 (user guide, "Quotas"). They are an operator's choice here, and none is set by default.
type Rates struct {
	Copies    int // CopyPackageVersions
	Tokens    int // GetAuthorizationToken
	Assets    int // GetPackageVersionAsset
	Publishes int // PublishPackageVersion
	Lists     int // ListPackages, ListPackageVersions and ListPackageVersionAssets, each
	Reads     int // all operations that read, together
	Writes    int // all others, together
}

// throttle counts the requests of accounts.
type throttle struct {
	own           map[string]*ratelimit.Limiter[string] // by operation
	reads, writes *ratelimit.Limiter[string]
}

func newThrottle(r Rates, now func() time.Time) *throttle {
	per := func(second int) *ratelimit.Limiter[string] { return ratelimit.New[string](second, now) }
	return &throttle{reads: per(r.Reads), writes: per(r.Writes), own: map[string]*ratelimit.Limiter[string]{
		"CopyPackageVersions":      per(r.Copies),
		"GetAuthorizationToken":    per(r.Tokens),
		"GetPackageVersionAsset":   per(r.Assets),
		"PublishPackageVersion":    per(r.Publishes),
		"ListPackages":             per(r.Lists),
		"ListPackageVersions":      per(r.Lists),
		"ListPackageVersionAssets": per(r.Lists),
	}}
}

// admit counts a request, or returns Throttled with the time after which the next one is taken.
func (t *throttle) admit(account string, operation repository.Action) error {
	all, kind := t.reads, "reads"
	if operation.Changes {
		all, kind = t.writes, "writes"
	}
	if own := t.own[operation.Name]; !own.Admit(account) {
		return tooMany(account, own.PerSecond(), operation.Name)
	}
	if !all.Admit(account) {
		return tooMany(account, all.PerSecond(), kind)
	}
	return nil
}

func tooMany(account string, perSecond int, what string) error {
	err := artifact.Errorf(artifact.Throttled, "Rate exceeded: account %s may make %d such requests (%s) a second.",
		account, perSecond, what)
	err.RetryAfter = time.Second
	return err
}
