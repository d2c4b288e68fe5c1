package server

import (
	"net"
	"net/http"
	"strconv"
	"strings"
)

// maxRanges bounds the ranges of one request. Package managers ask for one.
const maxRanges = 32

// pass is what the gate found out about a request it lets in.
type pass struct {
	target
	place        // zero unless inRepository
	inRepository bool
	onHost       bool // the host belongs to one domain: nothing but its repositories is served there
}

// gate is the one decision about a request's form, made before any routing. X-Forwarded-Host, Forwarded and the headers
// by which some servers let a client change the method are not looked at, here or elsewhere.
func (s *Server) gate(r *http.Request) (pass, refusal) {
	if told := r.Header.Get(wireRefusalHeader); told != "" {
		number, err := strconv.ParseUint(told, 10, 8)
		if err != nil || number == 0 || int(number) >= len(refusals) {
			return pass{}, badRequestLine
		}
		return pass{}, refusal(number)
	}
	switch {
	case r.Method == http.MethodConnect || r.Method == http.MethodTrace:
		return pass{}, badMethod
	case len(r.RequestURI) > s.limits.Target:
		return pass{}, targetTooLong
	case r.URL.Host != "" || r.URL.Scheme != "":
		return pass{}, foreignTarget
	case r.ContentLength > s.limits.Body:
		return pass{}, bodyTooLarge
	}
	t, refused := parseTarget(r.RequestURI)
	if refused != accepted {
		return pass{}, refused
	}
	p := pass{target: t}
	// Load balancers ask for health under whatever address they know; the answer is the same for everybody.
	if !isHealth(t.path) {
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if r.Host == "" {
			return pass{}, noHost
		}
		if !s.addresses.answersFor(r.Host, local) {
			return pass{}, unknownHost
		}
	}
	p.place, p.onHost, p.inRepository = s.addresses.locate(r.Host, t)
	if t.slashed >= 0 && !p.inRepository {
		return pass{}, escapedSlash
	}
	return p, checkRange(r.Header["Range"])
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
