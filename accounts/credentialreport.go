package accounts

import (
	"context"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// CredentialReport lists the users of the caller's account, the account itself first, with what they sign in with, as
// comma-separated values (IAM user guide, "Getting credential reports"). It is made anew each time.
func (s *Service) CredentialReport(ctx context.Context, c iam.Caller) (report string, err error) {
	err = s.look(ctx, c, "iam:GetCredentialReport", func(a *reading) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		var text strings.Builder
		w := csv.NewWriter(&text)
		_ = w.Write(reportColumns) // nothing that is written to memory fails
		root, err := a.PrincipalByARN(a.rootARN(a.account()))
		if err == nil {
			err = a.report(w, "<root_account>", root)
		}
		if err != nil && !artifact.Is(err, artifact.NotFound) {
			return err
		}
		users := func(page catalog.Page) (catalog.Listing[catalog.Principal], error) {
			return a.Principals(catalog.PrincipalFilter{Account: a.account(), Kind: catalog.UserPrincipal}, page)
		}
		for user, err := range catalog.Each(users) {
			if err == nil {
				err = a.report(w, user.Name, user)
			}
			if err != nil {
				return err
			}
		}
		w.Flush()
		report = text.String()
		return nil
	})
	return report, err
}

// reportColumns are those of the guide, in its order.
var reportColumns = strings.Split("user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"+
	"password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"+
	"access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"+
	"access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,"+
	"cert_2_active,cert_2_last_rotated", ",")

// none is what a column has where there is nothing to tell.
const none = "N/A"

// report writes a principal's line. Nobody has a password, a second factor or a certificate; of access keys a line has two.
func (a *reading) report(w *csv.Writer, name string, p catalog.Principal) error {
	keys, err := a.AccessKeys(p.ID)
	if err != nil {
		return err
	}
	line := []string{name, p.ARN, reported(p.CreatedAt), "false", none, none, none, "false"}
	for i := range 2 {
		if i >= len(keys) {
			line = append(line, "false", none, none, none, none)
			continue
		}
		k := keys[i]
		line = append(line, strconv.FormatBool(k.Active), reported(k.CreatedAt), reported(k.LastUse.At), orNone(k.LastUse.Region),
			orNone(k.LastUse.Service))
	}
	return w.Write(append(line, "false", none, "false", none))
}

func reported(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format("2006-01-02T15:04:05-07:00")
}

func orNone(text string) string {
	if text == "" {
		return none
	}
	return text
}
