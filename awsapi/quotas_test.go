package awsapi

import (
	"net/http"
	"strings"
	"testing"

	"entrepot/repository"
)

// TestEveryQuotaIsWhatTheOperatorSays reaches each count under a lower quota than AWS's, which conformance reaches where it can be
// reached.
func TestEveryQuotaIsWhatTheOperatorSays(t *testing.T) {
	const domain, team = "domain=acme", "domain=acme&repository=team"
	const arn = "resourceArn=arn:aws:codeartifact:us-east-1:111122223333:domain/acme"
	for _, row := range []struct {
		name               string
		lower              func(*repository.Quotas)
		within, above      string
		bodyWithin, beyond string
		about              string
	}{
		{"domains", func(q *repository.Quotas) { q.Domains = 2 }, "POST /v1/domain?domain=second", "POST /v1/domain?domain=third", "", "",
			`"resourceId":"third","resourceType":"domain"`},
		{"repositories", func(q *repository.Quotas) { q.Repositories = 4 }, "POST /v1/repository?domain=acme&repository=fourth",
			"POST /v1/repository?domain=acme&repository=fifth", "", "", `"resourceId":"acme","resourceType":"domain"`},
		{"package groups", func(q *repository.Quotas) { q.PackageGroups = 2 }, "POST /v1/package-group?" + domain, "POST /v1/package-group?" + domain,
			`{"packageGroup":"/npm/*"}`, `{"packageGroup":"/pypi/*"}`, `"resourceId":"acme","resourceType":"domain"`},
		{"direct upstreams", func(q *repository.Quotas) { q.DirectUpstreams = 1 }, "PUT /v1/repository?" + team, "PUT /v1/repository?" + team,
			`{"upstreams":[{"repositoryName":"a1"}]}`, `{"upstreams":[{"repositoryName":"a1"},{"repositoryName":"b2"}]}`,
			`"resourceId":"acme/team","resourceType":"repository"`},
		{"tags", func(q *repository.Quotas) { q.Tags = 1 }, "POST /v1/tag?" + arn, "POST /v1/tag?" + arn, `{"tags":[{"key":"a","value":""}]}`,
			`{"tags":[{"key":"b","value":""}]}`, `"resourceId":"acme","resourceType":"domain"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := beginIn(t, Options{}, "team", "a1", "b2")
			row.lower(&s.rules.Quotas)
			s.answers(row.within, row.bodyWithin, http.StatusOK)
			status, header, body := raw(t, s.base, row.above, row.beyond)
			if status != http.StatusPaymentRequired || header.Get("X-Amzn-Errortype") != "ServiceQuotaExceededException" ||
				!strings.Contains(string(body), row.about) {
				t.Errorf("above: got %d %s", status, body)
			}
		})
	}
}
