// Package e2e holds whole-server sessions: the built binary, real clients, and a public registry that the test owns.
//
// The sessions are testdata/*.txtar, run by testscript; commands_test.go has the table of the commands they may use besides
// testscript's own. Faults that need more than a script (kill -9 under load, two hundred clients at once) are Go tests
// beside them. Nothing here reaches the internet, except the sessions called public_…, which run only where the machine's
// own npm registry answers. tools.sh installs the clients; a client that is missing skips its session, or fails it when
// ENTREPOT_TEST_ALL=1. go test tells of skips only when it is asked with -v; make test and make e2e tell at their end
// (testrun).
//
//	go test ./e2e                          all of it
//	go test ./e2e -run 'TestSessions/the_walk'
//	E2E_RACE=1 go test ./e2e               the server is built with the race detector
//	E2E_BINARY=/path/entrepot go test ./e2e  tests that binary
//	ENTREPOT_REAL_PACKAGES=~/.npm go test -v ./e2e -run TestReal   packages of an npm cache, with every client
//	ENTREPOT_KILLS=200 go test ./e2e -run TestKill -timeout 60m
package e2e
