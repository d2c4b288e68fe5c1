package iam

// Caller is a principal at work: who it is, which of its own policies apply, and the circumstances of this request.
// Authentication makes one per request; the rules ask Evaluate with it.
type Caller struct {
	Principal Principal
	Identity  []*Policy
	Boundary  *Policy // nil means none
	Session   *Policy // nil means none
	// Context holds the request's condition keys: aws:sourceip, aws:securetransport, aws:currenttime …
	Context   map[string][]string
	RequestID string
}
