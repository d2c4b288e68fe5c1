package iam

import (
	"errors"
	"strings"
	"testing"
)

// people are a directory: unique identifiers by ARN.
type people map[string]string

func (p people) IDOf(arn string) (string, bool, error) {
	if strings.Contains(arn, "::999999999999:") {
		return "", true, nil
	}
	id, known := p[arn]
	return id, known, nil
}

func (p people) ARNOf(id string) (string, error) {
	for arn, has := range p {
		if has == id {
			return arn, nil
		}
	}
	return "", nil
}

const (
	annARN, annID   = "arn:aws:iam::123456789012:user/ann", "AIDAAAAAAAAAAAAAAAAAA"
	ciARN, ciID     = "arn:aws:iam::123456789012:role/jobs/ci", "AROACCCCCCCCCCCCCCCCC"
	jobARN, jobID   = "arn:aws:sts::123456789012:assumed-role/ci/job-7", ciID + ":job-7"
	oldARN, oldName = "arn:aws:iam::123456789012:user/old", "administrator" // an identifier that is of another form
)

func TestADocumentIsKeptWithUniqueIdentifiersAndShownWithARNs(t *testing.T) {
	who := people{annARN: annID, ciARN: ciID, jobARN: jobID, oldARN: oldName}
	// As it is written but for the names: white space, escapes, order.
	put := `{ "Version": "2012-10-17", "Statement": [
		{"Sid": "` + annARN + `", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user\/ann"}, "Action": "*", "Resource": "` + annARN + `"},
		{"Effect": "Deny", "NotPrincipal": {"AWS": ["` + ciARN + `", "123456789012" , "` + jobARN + `", "arn:aws:iam::123456789012:root",
			"` + oldARN + `", "arn:aws:iam::999999999999:user/far"], "Service": "a.example.test"}, "Action": "*", "Resource": "*"},
		{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalArn": "` + annARN + `"}}}
	]}`
	want := strings.NewReplacer(`arn:aws:iam::123456789012:user\/ann`, annID, `["`+ciARN, `["`+ciID, jobARN, jobID).Replace(put)
	kept, err := Bind(put, who)
	if err != nil || kept != want {
		t.Fatalf("got %v\n%s\nwant\n%s", err, kept, want)
	}
	if _, err := Parse([]byte(kept), ResourcePolicy); err != nil {
		t.Error(err)
	}
	again, err := Bind(kept, who)
	if err != nil || again != kept {
		t.Errorf("what is bound stays as it is: got %v, %s", err, again)
	}
	if shown, err := Unbind(kept, who); err != nil || shown != strings.ReplaceAll(put, `\/`, "/") {
		t.Errorf("got %v, %s", err, shown)
	}
	delete(who, annARN)
	who["arn:aws:iam::123456789012:role/ci2"] = ciID
	delete(who, ciARN)
	shown, err := Unbind(kept, who)
	if err != nil || !strings.Contains(shown, `{"AWS": "`+annID+`"}`) || !strings.Contains(shown, `["arn:aws:iam::123456789012:role/ci2"`) {
		t.Errorf("one who is gone and one who moved: got %v, %s", err, shown)
	}
	for name, principal := range map[string]string{"one who is gone": annID, "one who never was": "arn:aws:iam::123456789012:user/none"} {
		_, err := Bind(`{"Statement":[{"Principal":{"AWS":["`+principal+`"]}}]}`, who)
		wrong, ok := errors.AsType[*DocumentError](err)
		if !ok || wrong.Problem != `Invalid principal in policy: "AWS":"`+principal+`"` || wrong.Element != "statement 1, Principal, AWS, value 1" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestI30AUniqueIdentifierNamesOneAndNobodyElse(t *testing.T) {
	ann := Principal{Account: "123456789012", ARN: annARN, ID: annID, Name: "ann"}
	remade := ann
	remade.ID = "AIDABBBBBBBBBBBBBBBBB"
	job := Principal{Account: "123456789012", ARN: jobARN, ID: jobID, Role: ciARN}
	other := job
	other.ID, other.ARN = ciID+":job-8", "arn:aws:sts::123456789012:assumed-role/ci/job-8"
	remadeRole := job
	remadeRole.ID = "AROADDDDDDDDDDDDDDDDD:job-7"
	narrow := `{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}`
	for _, c := range []struct {
		name, principal string
		caller          Principal
		documents
		want bool
	}{
		{"the user", annID, ann, documents{}, true},
		{"the user in a boundary", annID, ann, documents{boundary: narrow}, true},
		{"another of that name", annID, remade, documents{}, false},
		{"the role", ciID, job, documents{}, true},
		{"the role in a boundary", ciID, job, documents{boundary: narrow}, false},
		{"another role of that name", ciID, remadeRole, documents{}, false},
		{"the session", jobID, job, documents{}, true},
		{"the session, narrowed", jobID, job, documents{session: narrow}, true},
		{"the role, narrowed", ciID, job, documents{session: narrow}, false},
		{"another session of the role", jobID, other, documents{}, false},
		{"a session of that name of another role", jobID, remadeRole, documents{}, false},
		{"nobody", annID, Principal{}, documents{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.resource = `{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"AWS":"` + c.principal + `"}}`
			request := Request{Principal: c.caller, Action: read, Resources: []string{repoX}}
			if got := Evaluate(request, c.parse(t), true); got.Allowed() != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
	spares := func(caller Principal, names string) bool {
		d := documents{identity: all, resource: `{"Effect":"Deny","Action":"*","Resource":"*","NotPrincipal":{"AWS":["123456789012",` + names + `]}}`}
		return Evaluate(Request{Principal: caller, Action: read, Resources: []string{repoX}}, d.parse(t), true).Allowed()
	}
	if !spares(ann, `"`+annID+`"`) || spares(remade, `"`+annID+`"`) {
		t.Error("a deny spares the user and nobody else")
	}
	if !spares(job, `"`+ciID+`","`+jobID+`"`) || spares(other, `"`+ciID+`","`+jobID+`"`) || spares(remadeRole, `"`+ciID+`","`+jobID+`"`) {
		t.Error("a deny spares the session of the role and nobody else")
	}
}

// FuzzBind wants of every policy that is one: bound it is one too, and shown again it means the same.
func FuzzBind(f *testing.F) {
	for _, seed := range []string{`{"AWS":"` + annARN + `"}`, `{"AWS":["` + annARN + `","*"]}`, `{"AWS":"` + annID + `"}`, `"*"`,
		`{"AWS":"arn:aws:iam::123456789012:user\/ann","Service":"a.b"}`} {
		f.Add(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Principal":` + seed + `}]}`)
	}
	f.Fuzz(func(t *testing.T, put string) {
		_, refused := Parse([]byte(put), ResourcePolicy)
		kept, err := Bind(put, people{annARN: annID})
		if refused != nil || err != nil {
			return
		}
		bound, err := Parse([]byte(kept), ResourcePolicy)
		if err != nil {
			t.Fatalf("%s became %s: %v", put, kept, err)
		}
		shown, err := Unbind(kept, people{annARN: annID})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Bind(shown, people{annARN: annID}); err != nil || again != kept {
			t.Fatalf("%s became %s, then %s: %v", put, kept, again, err)
		}
		for _, s := range bound.statements {
			for _, arn := range s.principals.arns {
				if arn == annARN {
					t.Fatalf("%s still names %s", kept, arn)
				}
			}
		}
	})
}
