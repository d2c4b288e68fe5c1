package server

import (
	"net"
	"net/http"
	"strconv"
	"strings"
)

// maxRanges bounds the ranges of one request. Package managers ask for one.
const maxRanges = 32

// destination is where a request goes.
type destination struct {
	target
	endpoint     // zero unless inRepository
	inRepository bool
	mount        *mount // of the endpoint's format; nil if none of that name is served
	onHost       bool   // the host belongs to one domain: nothing but its repositories is served there
}

// isAPI reports whether the CodeArtifact API answers. It reads the query itself, strictly and once, and names the
// parameter that is wrong, as its clients expect.
func (d destination) isAPI() bool {
	return !d.inRepository && !d.onHost && (d.path == "/v1" || strings.HasPrefix(d.path, "/v1/"))
}

// gate is the one decision about a request's form, made before any routing. X-Forwarded-Host, Forwarded and the headers
// by which some servers let a client change the method are not looked at, here or elsewhere. What is refused after its
// path was found clean comes with the mount that it meant, which words the refusal.
func (s *Server) gate(r *http.Request) (destination, refusal) {
	if told := r.Header.Get(wireRefusalHeader); told != "" {
		number, err := strconv.ParseUint(told, 10, 8)
		if err != nil || number == 0 || int(number) >= len(refusals) {
			return destination{}, badRequestLine
		}
		return destination{}, refusal(number)
	}
	switch {
	case r.Method == http.MethodConnect || r.Method == http.MethodTrace:
		return destination{}, badMethod
	case len(r.RequestURI) > s.limits.Target:
		return destination{}, targetTooLong
	case r.URL.Host != "" || r.URL.Scheme != "":
		return destination{}, foreignTarget
	}
	t, refused := parseTarget(r.RequestURI)
	if refused != accepted {
		return destination{}, refused
	}
	d := destination{target: t}
	// Load balancers ask for health under whatever address they know; the answer is the same for everybody.
	if !isHealth(t.path) {
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if r.Host == "" {
			return destination{}, noHost
		}
		if !s.addresses.answersFor(r.Host, local) {
			return destination{}, unknownHost
		}
	}
	d.endpoint, d.onHost, d.inRepository = s.addresses.locate(r.Host, t)
	if d.inRepository {
		d.mount = s.mounts[d.format]
	}
	switch {
	case t.query != accepted && !d.isAPI():
		refused = t.query
	case d.mount != nil:
		d.rest, refused = d.mount.rewritten(d.rest)
	case t.empty >= 0:
		refused = emptySegment
	case t.slashed >= 0 && !d.inRepository:
		refused = escapedSlash
	}
	switch {
	case refused != accepted:
		return d, refused
	case r.ContentLength > s.limits.Body:
		return d, bodyTooLarge
	}
	return d, checkRange(r.Header["Range"])
}

// checkRange bounds the number of ranges; that they may not add up to more than the content is net/http's own rule.
func checkRange(lines []string) refusal {
	switch {
	case len(lines) == 0:
		return accepted
	case len(lines) > 1:
		return badRange
	case strings.Count(lines[0], ",") >= maxRanges:
		return tooManyRanges
	}
	return accepted
}
