package accounts

import (
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

// sized is a policy of so many characters, white space not counted.
func sized(n int) string {
	before, after := `{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:codeartifact:*:*:`, `"}}`
	return before + strings.Repeat("r", n-len(before)-len(after)) + after + "\n"
}

// TestDocumentsThatAreTooLargeAreOverAQuota also where no policy of any kind may be as large.
func TestDocumentsThatAreTooLargeAreOverAQuota(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.user("ann", "")
	_, err := f.CreateGroup(ctx, f.root, NewPrincipal{Name: "staff"})
	f.must(err)
	_, err = f.CreateRole(ctx, f.root, NewRole{NewPrincipal: NewPrincipal{Name: "ci"}, Trust: trustRoot})
	f.must(err)
	for _, c := range []struct {
		of    Entity
		most  int
		words string
	}{
		{User("ann"), 2048, "Maximum policy size of 2048 bytes exceeded for user ann"},
		{Group("staff"), 5120, "Maximum policy size of 5120 bytes exceeded for group staff"},
		{Role("ci"), 10240, "Maximum policy size of 10240 bytes exceeded for role ci"},
	} {
		put := func(name, document string) error {
			return f.PutEntityPolicy(ctx, f.root, c.of, catalog.IdentityPolicy{Name: name, Document: document})
		}
		f.refused(put("p", sized(c.most+1)), artifact.Quota, c.words)
		f.refused(put("p", sized(20000)), artifact.Quota, c.words)
		f.must(put("p", sized(c.most)))
		f.must(put("p", sized(c.most-200)))
		f.must(put("q", sized(200)))
		f.refused(put("r", sized(100)), artifact.Quota, c.words)
	}
	for _, size := range []int{6145, 10241} {
		_, err := f.CreatePolicy(ctx, f.root, NewPolicy{Name: "p", Document: sized(size)})
		f.refused(err, artifact.Quota, "Cannot exceed quota for PolicySize: 6144")
	}
	own, err := f.CreatePolicy(ctx, f.root, NewPolicy{Name: "p", Document: sized(6144)})
	f.must(err)
	_, err = f.CreatePolicyVersion(ctx, f.root, own.ARN, sized(6145), false)
	f.refused(err, artifact.Quota, "Cannot exceed quota for PolicySize: 6144")
	long := strings.Replace(trustRoot, `"sts:AssumeRole"`, `["sts:AssumeRole"`+strings.Repeat(`,"sts:TagSession"`, 400)+`]`, 1)
	f.refused(f.UpdateTrust(ctx, f.root, "ci", long), artifact.Quota, "Cannot exceed quota for ACLSizePerRole: 4096")
}
