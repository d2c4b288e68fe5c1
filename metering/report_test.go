package metering_test

import (
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository/repositorytest"
	"entrepot/usage"
)

// version is one of a file of a size.
func version(pkg string, size int64) artifact.Version {
	key := artifact.PackageKey{Format: artifact.NPM, Name: pkg}
	a := artifact.Asset{Name: pkg + ".tgz", Size: size}
	a.SHA256[1] = 7
	return artifact.Version{VersionKey: key.At("1.0.0"), Revision: "r", Status: artifact.Published, Assets: []artifact.Asset{a},
		Origin: artifact.Origin{Type: artifact.OriginInternal}}
}

func TestUsageIsToldToWhoeverMaySeeIt(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	err := f.rules.Catalog.Write(t.Context(), func(w catalog.Writer) error {
		if err := w.CreateOrganization(catalog.Organization{ID: "o-1", Root: "r-1", Management: "999999999999"}); err != nil {
			return err
		}
		return w.CreateAccount(catalog.Account{ID: us, Name: "us", Email: "us@example.test", Organization: "o-1"})
	})
	if err != nil {
		t.Fatal(err)
	}
	only := func(action, resource string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}}`
	}
	const usOnly = "arn:aws:codeartifact:us-east-1:111122223333:domain/"
	for _, c := range []struct {
		name    string
		account artifact.AccountID
		policy  string
		q       usage.Question
		told    bool
	}{
		{"an administrator, of his own account", us, repositorytest.AllowAll, usage.Question{}, true},
		{"an administrator, of his own account by name", us, repositorytest.AllowAll, usage.Question{Account: us}, true},
		{"one without a policy", us, only("codeartifact:*", "*"), usage.Question{}, false},
		{"one who may by name", us, only("entrepot:GetUsage", "*"), usage.Question{}, true},
		{"one who may see a domain, that domain", us, only("entrepot:GetUsage", usOnly+"shop"), usage.Question{Domain: "shop"}, true},
		{"one who may see a domain, another", us, only("entrepot:GetUsage", usOnly+"shop"), usage.Question{Domain: "lab"}, false},
		{"one who may see a domain, all of them", us, only("entrepot:GetUsage", usOnly+"shop"), usage.Question{}, false},
		{"another account's administrator", them, repositorytest.AllowAll, usage.Question{Account: us}, false},
		{"the installation's administrator", home, repositorytest.AllowAll, usage.Question{Account: us, Domain: "shop"}, true},
		{"somebody of the installation", home, only("codeartifact:*", "*"), usage.Question{Account: us}, false},
		{"the administrator of the organization", "999999999999", repositorytest.AllowAll, usage.Question{Account: us}, true},
		{"the administrator of an organization, of a stranger", "999999999999", repositorytest.AllowAll, usage.Question{Account: them}, false},
	} {
		_, err := f.Report(t.Context(), repositorytest.Caller(t, c.account, "user", c.policy), c.q)
		if c.told && err != nil || !c.told && !artifact.Is(err, artifact.Denied) {
			t.Errorf("%s: got %v, want told %v", c.name, err, c.told)
		}
	}
}

func TestMonthsOfWhichNothingIsKnownAreRefused(t *testing.T) {
	f := open(t)
	for month, told := range map[usage.Month]bool{
		{Year: 2026, Month: time.November}: true, {Year: 2026, Month: time.December}: false, {Year: 2025, Month: time.October}: true,
		{Year: 2025, Month: time.September}: false,
	} {
		_, err := f.Report(t.Context(), f.administrator(us), usage.Question{Month: month})
		if told && err != nil || !told && !artifact.Is(err, artifact.Invalid) {
			t.Errorf("%s: got %v, want told %v", month, err, told)
		}
	}
	if _, err := f.Report(t.Context(), f.administrator(us), usage.Question{By: "moon"}); !artifact.Is(err, artifact.Invalid) {
		t.Errorf("by moon: got %v", err)
	}
}

// A name that is misspelt must not look like a domain that costs nothing; one that was deleted is on the bill of its month.
func TestTheBillOfADomainThatIsNotThereIsRefused(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	ask := func(domain string) error {
		_, err := f.Report(t.Context(), f.administrator(us), usage.Question{Domain: domain})
		return err
	}
	if err := ask(shop.Name); err != nil {
		t.Errorf("a domain in which nothing has happened yet: got %v", err)
	}
	if err := ask("shoq"); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("one that is not there: got %v", err)
	}
	f.call("web", "10.1.1.1", 1, 0)
	f.flush()
	if err := f.rules.Catalog.Write(t.Context(), func(w catalog.Writer) error {
		d, err := w.Domain(shop)
		if err != nil {
			return err
		}
		web, err := w.Repository(shop.Repository("web"))
		if err != nil {
			return err
		}
		if err := w.DeleteRepository(web.ID); err != nil {
			return err
		}
		return w.DeleteDomain(d.ID)
	}); err != nil {
		t.Fatal(err)
	}
	if err := ask(shop.Name); err != nil {
		t.Errorf("one that was deleted: got %v", err)
	}
	f.clock.set(f.clock.Now().AddDate(0, 1, 0))
	if err := ask(shop.Name); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("one that was deleted before the month: got %v", err)
	}
}

func TestFiguresAreForgottenAfterThirteenMonths(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	f.hold("web", "a", 1, 1000)
	f.measure()
	for range 15 {
		f.call("web", "10.1.1.1", 1, 0)
		f.flush()
		f.clock.set(f.clock.Now().AddDate(0, 1, 0))
	}
	if err := f.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := f.counted(us)
	if first := usage.MonthOf(all[0].Hour.Begins()); len(all) != 13 || first.String() != "2027-01" {
		t.Errorf("got %d hours since %s, want the 13 months before that of February 2028", len(all), first)
	}
	f.wantLay("shop/web", 1000*3600*(9*24+12), 0) // it still lies there
}

func TestWhoIsRefusedAReportCostsNoWriteAndIsOnRecord(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	f.call("web", "10.1.1.1", 1, 0)
	writes := f.store.writes
	for _, c := range []iam.Caller{repositorytest.Caller(t, them, "mallory"), repositorytest.Caller(t, us, "guest"), repositorytest.Caller(t, them, "boss", repositorytest.AllowAll)} {
		if _, err := f.Report(t.Context(), c, usage.Question{Account: us}); !artifact.Is(err, artifact.Denied) {
			t.Errorf("%s: got %v", c.Principal.Name, err)
		}
	}
	if f.store.writes != writes {
		t.Errorf("got %d writes", f.store.writes-writes)
	}
	if len(f.recorded) != 3 || f.recorded[1].Action != "entrepot:GetUsage" || f.recorded[1].Account != string(us) {
		t.Errorf("got on record %+v, want all three", f.recorded)
	}
	if _, err := f.Report(t.Context(), f.administrator(us), usage.Question{}); err != nil || f.store.writes == writes {
		t.Errorf("got %v, want what was counted written down", err)
	}
}
