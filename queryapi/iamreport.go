package queryapi

import (
	"context"
	"encoding/base64"
	"time"

	"entrepot/iam"
)

// reports are the actions on the report of who signs in with what. It is made when it is asked for.
func (a *iamAPI) reports() map[string]Action {
	return map[string]Action{
		"GenerateCredentialReport": do(iamGrammar, a.generateCredentialReport),
		"GetCredentialReport":      do(iamGrammar, a.getCredentialReport),
	}
}

type reportStateOut struct {
	State       string `xml:"State"`
	Description string `xml:"Description"`
}

func (a *iamAPI) generateCredentialReport(ctx context.Context, c iam.Caller, _ struct{}) (reportStateOut, error) {
	return reportStateOut{"COMPLETE", "The report is made when it is fetched."},
		a.rules.NothingAtAll(ctx, c, "iam:GenerateCredentialReport")
}

type reportOut struct {
	Content       string     `xml:"Content"`
	ReportFormat  string     `xml:"ReportFormat"`
	GeneratedTime *time.Time `xml:"GeneratedTime"`
}

func (a *iamAPI) getCredentialReport(ctx context.Context, c iam.Caller, _ struct{}) (reportOut, error) {
	report, err := a.rules.CredentialReport(ctx, c)
	return reportOut{base64.StdEncoding.EncodeToString([]byte(report)), "text/csv", when(a.rules.Now())}, err
}
