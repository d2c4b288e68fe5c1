# Run `make` for the list. Everything is installed by package name with the ordinary clients (apt, npm, pip, go).

SHELL := /bin/bash
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
# Where the clients are installed that the sessions drive.
TOOLS := $(CURDIR)/build/tools

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | column -t -s '	'

.PHONY: build
build: ## build ./entrepot, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o entrepot ./cmd/entrepot

.PHONY: run
run: build ## build and serve on 127.0.0.1:8090, with everything in ./entrepot-data
	./entrepot serve

.PHONY: test
test: tools lint unit e2e ## install what the tests need and run all of them

.PHONY: tools
tools: ## install the package managers and AWS clients that the sessions use
	@ENTREPOT_TOOLS=$(TOOLS) e2e/tools.sh

.PHONY: lint
lint: ## formatting, vet, staticcheck
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo 'not formatted: run gofmt -w on the files above'; exit 1; }
	go vet ./...
	go tool staticcheck ./...

# The race detector runs where goroutines meet; elsewhere it would only cost time.
RACY := ./access/... ./blob/... ./catalog/... ./repository/... ./server/... ./upstream/... ./jobs/...

.PHONY: unit
unit: ## unit tests, contract suites, fuzz corpora; with the race detector where it pays
	go test -race -short $(RACY)
	go test $$(go list ./... | grep -v /e2e$$)

.PHONY: e2e
e2e: ## whole-server sessions with real clients over loopback
	@mkdir -p build && rm -f build/skipped
	ENTREPOT_TOOLS=$(TOOLS) E2E_SKIPPED=$(CURDIR)/build/skipped go test -count=1 -timeout 30m ./e2e/...
	@if [ -s build/skipped ]; then cat build/skipped; fi

.PHONY: fuzz
fuzz: ## fuzz every parser of outside bytes for 20 s each
	@for pkg in $$(go list ./...); do for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
		echo "== $$pkg $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 20s $$pkg || exit 1; done; done

.PHONY: bench
bench: ## measure against a bare file server in the same run and print the table
	go run ./bench/run
