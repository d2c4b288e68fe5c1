package queryapi

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/iam"
)

// errand has a parameter of each kind.
type errand struct {
	Name   string          `query:"Name,name,required"`
	Way    string          `query:"Way,way"`
	Count  int             `query:"MaxItems,count"`
	Only   bool            `query:"OnlyAttached,flag"`
	Tags   []pair          `query:"Tags,"`
	Keys   []string        `query:"TagKeys,name"`
	Secret artifact.Secret `query:"WebToken,token"`
}

type pair struct {
	Key    string   `query:"Key,name,required"`
	Value  string   `query:"Value,"`
	Values []string `query:"Values,"`
}

var errandGrammar = grammar{"name": text(1, 5, `[a-z]+`), "way": oneOf("On", "Off"), "count": number(1, 1000), "flag": {},
	"token": text(4, 20000)}

// errands is a service that hands over what it was asked.
func errands(got *errand) *Service {
	return &Service{Version: "1", Namespace: "urn:errands",
		Actions: map[string]Action{"Run": do(errandGrammar, done(func(_ context.Context, _ iam.Caller, in errand) error {
			*got = in
			return nil
		}))},
		Failures: map[artifact.Kind]Failure{artifact.NotFound: {http.StatusNotFound, "NoSuchEntity"}},
		Problems: map[accounts.Problem]Failure{accounts.InUse: {http.StatusConflict, "DeleteConflict"}}}
}

func TestAFormBecomesAStruct(t *testing.T) {
	var got errand
	w := ask(errands(&got), "Action=Run&Version=1&Name=abc&Way=Off&MaxItems=7&OnlyAttached=true&WebToken=s3cr3t"+
		"&Tags.member.2.Key=two&Tags.member.1.Key=one&Tags.member.1.Value=1&Tags.member.10.Key=ten"+
		"&Tags.member.10.Values.member.1=x&Tags.member.10.Values.member.2=y&TagKeys.member.1=k"+
		"&Unknown=1&Tags.member.x.Key=no&Tags.member.01.Key=no")
	if w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	want := errand{Name: "abc", Way: "Off", Count: 7, Only: true, Keys: []string{"k"},
		Tags:   []pair{{Key: "one", Value: "1"}, {Key: "two"}, {Key: "ten", Values: []string{"x", "y"}}},
		Secret: artifact.NewSecret("s3cr3t")}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b artifact.Secret) bool { return a.Reveal() == b.Reveal() })); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotAsTheModelWantsItIsToldInAWSsWords(t *testing.T) {
	rows := []struct{ name, form, want string }{
		{"missing", "", "1 validation error detected: Value at 'name' failed to satisfy constraint: Member must not be null"},
		{"too long", "Name=abcdef", "1 validation error detected: Value 'abcdef' at 'name' failed to satisfy constraint: " +
			"Member must have length less than or equal to 5"},
		{"too short", "Name=", "1 validation error detected: Value '' at 'name' failed to satisfy constraint: " +
			"Member must have length greater than or equal to 1"},
		{"another pattern", "Name=A%0A", "1 validation error detected: Value 'A\n' at 'name' failed to satisfy constraint: " +
			"Member must satisfy regular expression pattern: [a-z]+"},
		{"not one of them", "Name=a&Way=Up", "1 validation error detected: Value 'Up' at 'way' failed to satisfy constraint: " +
			"Member must satisfy enum value set: [On, Off]"},
		{"no number", "Name=a&MaxItems=x", "1 validation error detected: Value 'x' at 'maxItems' failed to satisfy constraint: " +
			"Member must be an integer"},
		{"too much", "Name=a&MaxItems=1001", "1 validation error detected: Value '1001' at 'maxItems' failed to satisfy " +
			"constraint: Member must have value less than or equal to 1000"},
		{"too little", "Name=a&MaxItems=0", "1 validation error detected: Value '0' at 'maxItems' failed to satisfy " +
			"constraint: Member must have value greater than or equal to 1"},
		{"no truth", "Name=a&OnlyAttached=TRUE", "1 validation error detected: Value 'TRUE' at 'onlyAttached' failed to satisfy " +
			"constraint: Member must be true or false"},
		{"a secret is not shown", "Name=a&WebToken=abc", "1 validation error detected: Value at 'webToken' failed to satisfy " +
			"constraint: Member must have length greater than or equal to 4"},
		{"in a list", "Name=a&TagKeys.member.7=A", "1 validation error detected: Value 'A' at 'tagKeys.1.member' failed to " +
			"satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"},
		{"two of them", "Way=Up&Tags.member.1.Value=x", "3 validation errors detected: Value at 'name' failed to satisfy constraint: " +
			"Member must not be null; Value 'Up' at 'way' failed to satisfy constraint: Member must satisfy enum value set: " +
			"[On, Off]; Value at 'tags.1.member.key' failed to satisfy constraint: Member must not be null"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := ask(errands(new(errand)), "Action=Run&Version=1&"+row.form)
			if told := told(t, w); w.Code != http.StatusBadRequest || told.Code != "ValidationError" || told.Message != row.want {
				t.Errorf("got %d %q\nwant %q", w.Code, told.Message, row.want)
			}
		})
	}
}

func TestAListHasNoMoreThanAThousandMembers(t *testing.T) {
	form := strings.Builder{}
	for i := range 1001 {
		fmt.Fprintf(&form, "&TagKeys.member.%d=a", i+1)
	}
	w := ask(errands(new(errand)), "Action=Run&Version=1&Name=a"+form.String())
	if got := told(t, w).Message; !strings.Contains(got, "length less than or equal to 1000") {
		t.Errorf("got %s", got)
	}
}

func TestProblemsAndKindsAreToldInTheServicesWords(t *testing.T) {
	rows := []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"a problem", artifact.Errorf(artifact.Conflict, "No.").Causing(accounts.InUse), 409, "DeleteConflict"},
		{"a kind", artifact.Errorf(artifact.NotFound, "No."), 404, "NoSuchEntity"},
		{"a kind of the protocol", artifact.Errorf(artifact.Denied, "No."), 403, "AccessDenied"},
		{"a kind that nobody words", artifact.Errorf(artifact.Conflict, "No."), 500, "InternalFailure"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := errands(new(errand))
			s.Actions["Run"] = Action{Do: func(context.Context, iam.Caller, Form) (any, error) { return nil, row.err }}
			w := ask(s, "Action=Run&Version=1")
			if got := told(t, w); w.Code != row.status || got.Code != row.code {
				t.Errorf("got %d %s", w.Code, got.Code)
			}
		})
	}
}

func TestListsAndMapsAreThereWhenTheyAreEmpty(t *testing.T) {
	type answer struct {
		Users members[string] `xml:"Users"`
		Map   entries[int]    `xml:"SummaryMap"`
		More  members[pairs]  `xml:"More"`
	}
	rows := []struct {
		in   answer
		want string
	}{
		{answer{}, "<answer><Users></Users><SummaryMap></SummaryMap><More></More></answer>"},
		{answer{members[string]{"a", "b&"}, entries[int]{"y": 2, "x": 1}, members[pairs]{{"k", "v"}}},
			"<answer><Users><member>a</member><member>b&amp;</member></Users><SummaryMap><entry><key>x</key><value>1</value></entry>" +
				"<entry><key>y</key><value>2</value></entry></SummaryMap><More><member><Key>k</Key><Value>v</Value></member></More></answer>"},
	}
	for _, row := range rows {
		got, err := xml.Marshal(row.in)
		if err != nil || string(got) != row.want {
			t.Errorf("got %s, %v\nwant %s", got, err, row.want)
		}
	}
}

type pairs struct {
	Key   string
	Value string
}

// FuzzDecode sends any form to an action with a parameter of each kind: it is answered with XML that can be read, and with
// 500 never.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"Name=abc&Tags.member.1.Key=a", "Tags.member.1=&Tags=&Name=%00",
		"Tags.member.99999999999999999999.Key=a", "TagKeys.member.-1=a", "MaxItems=99999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form string) {
		w := ask(errands(new(errand)), "Action=Run&Version=1&"+form)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Fatalf("got %d", w.Code)
		}
		if err := xml.Unmarshal(w.Body.Bytes(), new(struct{})); err != nil {
			t.Fatalf("%v in %q", err, w.Body)
		}
	})
}
