package suite

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// maxSkew is how far clocks may stand apart before AWS's signatures are refused.
const maxSkew = 5 * time.Minute

// lifetime holds the end of a token against the duration that was asked for (user guide, "Tokens created with the
// GetAuthorizationToken API"). When the token was made is not told: no later than the answer is dated, and not long before.
func lifetime(r Request, a Answer) error {
	if r.Operation != "GetAuthorizationToken" || a.Refusal != nil || a.Header == nil {
		return nil
	}
	asked, given := r.Input["durationSeconds"].(float64)
	if !given {
		asked = 12 * 60 * 60
	}
	if asked == 0 { // as long as the credentials are good, which only those have that are temporary
		return nil
	}
	dated, err := http.ParseTime(a.Header["date"])
	if err != nil {
		return fmt.Errorf("the answer has no date: %w", err)
	}
	var said struct{ Expiration float64 }
	if err := json.Unmarshal([]byte(a.Body), &said); err != nil {
		return err
	}
	latest := dated.Add(time.Duration(asked+1) * time.Second)
	if ends := time.UnixMilli(int64(said.Expiration * 1000)); ends.After(latest) || ends.Before(latest.Add(-maxSkew)) {
		return fmt.Errorf("a token of %v seconds that is made about %v ends at %v", asked, dated, ends.UTC())
	}
	return nil
}
