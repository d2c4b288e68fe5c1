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

# Tests write and sync many small files, for which a disk makes them wait: where there is plenty of memory they work there. What go
# builds for them stays on the disk, but for sessions, whose folders lie beside it. A folder of which nothing can be run is of no use.
MEMORY = $(shell free=$$(df --output=avail -k /dev/shm 2>/dev/null | tail -1); f=$$(mktemp -p /dev/shm 2>/dev/null) && \
	printf '\043!/bin/sh\n' >$$f && chmod +x $$f && test $${free:-0} -gt $(1) && $$f 2>/dev/null && echo /dev/shm; rm -f $$f)
# $(call scratch,KILOBYTES): where tests that need so much at most are to work.
scratch = $(or $(TMPDIR),$(call MEMORY,$(1)),/tmp)

# Runs go test and leaves what became of each test in a folder, to be summed up at the end.
TESTRUN := build/testrun
OUTCOMES := build/outcomes
SUM_UP := $(TESTRUN) -summary
# Sums up the folder when the recipe's shell ends, however it ends.
at_the_end = trap 'code=$$?; $(SUM_UP) $(1) || code=1; exit $$code' EXIT; rm -rf $(1); set -e

.PHONY: $(TESTRUN)
$(TESTRUN):
	@go build -o $@ ./e2e/testrun

.PHONY: test
test: $(TESTRUN) ## install what the tests need, run all of them, and say what was skipped
	@$(call at_the_end,$(OUTCOMES)); failed=0; step() { $(MAKE) --no-print-directory $$1 SUM_UP=:; }; \
	step basics; step tools & tools=$$!; { step lint && step unit; } || failed=1; wait $$tools || failed=1; \
	test $$failed = 0; step e2e

.PHONY: tools
tools: ## install the package managers and AWS clients that the sessions use
	@ENTREPOT_TOOLS=$(TOOLS) e2e/tools.sh

.PHONY: basics
basics:
	@ENTREPOT_TOOLS=$(TOOLS) e2e/tools.sh basics

.PHONY: lint
lint: ## formatting, vet, staticcheck
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo 'not formatted: run gofmt -w on the files above'; exit 1; }
	go vet ./...
	go tool staticcheck ./...

# Tests are vetted by lint, and not once more in each way that they are built.
VETTED := -vet=off

# The race detector runs where goroutines meet; elsewhere it would only cost time, and so it does in SQLite (docs/decisions/0079).
RACING := -race -short -gcflags=modernc.org/sqlite/lib=-race=false
RACY := ./repository/... ./catalog/... ./blob/... ./upstream/... ./access/... ./server/... ./jobs/... ./prefetch/... ./delivery/...

# What takes longest is begun first, so that nothing is left to run alone at the end.
UNITS = ./repository ./catalog/... ./format/... $$(go list ./... | grep -v /e2e$$)

.PHONY: unit
unit: $(TESTRUN) ## unit tests, contract suites, fuzz corpora; with the race detector where it pays
	@$(call at_the_end,$(OUTCOMES)/unit); export GOTMPDIR=$(or $(TMPDIR),/tmp) TMPDIR=$(call scratch,4194304); \
	$(TESTRUN) -into $(OUTCOMES)/unit -- $(VETTED) $(RACING) -timeout 30m $(RACY) & racing=$$!; failed=0; \
	$(TESTRUN) -into $(OUTCOMES)/unit -- $(VETTED) -timeout 30m $(UNITS) || failed=1; \
	wait $$racing || failed=1; exit $$failed

# One session more than there are processors: most wait for something now and then.
SESSIONS = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: e2e
e2e: $(TESTRUN) ## whole-server sessions with real clients over loopback
	@$(call at_the_end,$(OUTCOMES)/e2e); \
	export TMPDIR=$(call scratch,8388608); export GOTMPDIR=$$TMPDIR; ENTREPOT_TOOLS=$(TOOLS) $(TESTRUN) -into $(OUTCOMES)/e2e -- $(VETTED) -count=1 -timeout 30m -parallel $(SESSIONS) ./e2e

# How often `make steady` runs everything, and how many goroutines keep the processors busy meanwhile.
PASSES ?= 20
LOAD ?= 4

.PHONY: steady
steady: $(TESTRUN) ## run all tests PASSES times on a busy machine and print a table of what failed
	@code=0; ENTREPOT_TOOLS=$(TOOLS) $(TESTRUN) -passes $(PASSES) -load $(LOAD) -- -count=1 -timeout 60m ./... || code=1; \
	$(TESTRUN) -passes $(PASSES) -load $(LOAD) -- $(RACING) -count=1 -timeout 60m $(RACY) || code=1; exit $$code

# A line of projects.txt is what one npm install is given.
REAL := $(CURDIR)/build/real

.PHONY: real
real: real-npm real-python real-maven real-cargo real-ruby real-nuget real-swift ## publish some hundred real packages, install them with every client and compare

.PHONY: real-npm
real-npm: tools
	@mkdir -p $(REAL); while read -r names; do npm install --prefix $(REAL)/project --cache $(REAL)/cache --no-save \
		--ignore-scripts --no-audit --no-fund --force --legacy-peer-deps $$names </dev/null || exit 1; \
	done <e2e/real/projects.txt
	@mkdir -p $(REAL)/packed; while read -r name; do npm pack --pack-destination $(REAL)/packed --cache $(REAL)/cache \
		--prefer-offline --silent "$$name" </dev/null || exit 1; sleep 0.5; done <e2e/real/odd.txt
	ENTREPOT_TOOLS=$(TOOLS) ENTREPOT_REAL_PACKAGES=$(REAL)/cache go test -count=1 -v -timeout 90m ./e2e -run TestRealPackages

.PHONY: real-python
real-python: tools
	@$(TOOLS)/python/pdm/bin/python e2e/real/distributions.py $(REAL)/python <e2e/real/python.txt
	ENTREPOT_TOOLS=$(TOOLS) ENTREPOT_REAL_DISTRIBUTIONS=$(REAL)/python go test -count=1 -v -timeout 90m ./e2e \
		-run TestRealDistributions

.PHONY: real-maven
real-maven: tools
	@python3 e2e/real/artifacts.py $(REAL)/maven/projects <e2e/real/artifacts.txt
	@$(TOOLS)/bin/mvn-3.9 --batch-mode --quiet --fail-never --file $(REAL)/maven/projects -Dmaven.repo.local=$(REAL)/maven/m2 \
		-DexcludeTransitive dependency:resolve
	ENTREPOT_TOOLS=$(TOOLS) ENTREPOT_REAL_ARTIFACTS=$(REAL)/maven go test -count=1 -v -timeout 90m ./e2e -run TestRealArtifacts

# A crate is had by looking at it: that fetches it, and nothing of what it needs.
.PHONY: real-cargo
real-cargo: tools
	@mkdir -p $(REAL)/crates; cp "$${CARGO_HOME:-$$HOME/.cargo}/config.toml" $(REAL)/crates 2>/dev/null || :
	@while read -r crate; do (cd $(REAL)/crates && CARGO_HOME=$(REAL)/crates $(TOOLS)/bin/cargo info --quiet "$$crate" </dev/null >/dev/null) || \
		echo "$$crate is not to be had"; sleep 0.5; done <e2e/real/crates.txt
	ENTREPOT_TOOLS=$(TOOLS) ENTREPOT_REAL_CRATES=$(REAL)/crates go test -count=1 -v -timeout 90m ./e2e -run TestRealCrates

# Each release of JRuby brings other gems along. The rest are made, as by each RubyGems that is here.
.PHONY: real-ruby
real-ruby: tools
	@mkdir -p $(REAL)/gems; while read -r release; do test -e $(REAL)/gems/$$release || (cd $(REAL)/gems && $(TOOLS)/bin/mvn-3.9 --batch-mode \
		--quiet -Dmaven.repo.local=$(REAL)/jruby org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack \
		-Dartifact=org.jruby:jruby-stdlib:$$release -DoutputDirectory=$(REAL)/gems/$$release '-Dmdep.unpack.includes=**/*.gem') \
		</dev/null || exit 1; done <e2e/real/jrubies.txt
	@ruby e2e/real/gems.rb $(REAL)/gems/made gem $$(command -v $(TOOLS)/bin/gem-3.6)
	ENTREPOT_TOOLS=$(TOOLS) ENTREPOT_REAL_GEMS=$(REAL)/gems go test -count=1 -v -timeout 90m ./e2e -run TestRealGems

.PHONY: real-nuget
real-nuget: tools
	@mkdir -p $(REAL)/nupkgs/sdk; find $(TOOLS)/dotnet/sdk -name '*.nupkg' -exec cp {} $(REAL)/nupkgs/sdk \;
	@python3 e2e/real/nupkgs.py $(REAL)/nupkgs/made $(TOOLS)/bin/nuget $(TOOLS)/bin/dotnet
	ENTREPOT_TOOLS=$(TOOLS) ENTREPOT_REAL_NUPKGS=$(REAL)/nupkgs go test -count=1 -v -timeout 90m ./e2e -run TestRealNuGet

.PHONY: real-swift
real-swift: tools
	@python3 e2e/real/packages.py $(REAL)/swift
	ENTREPOT_TOOLS=$(TOOLS) ENTREPOT_REAL_SWIFT=$(REAL)/swift go test -count=1 -v -timeout 90m ./e2e -run TestRealSwift

.PHONY: fuzz
fuzz: ## fuzz every parser of outside bytes for 20 s each
	@for pkg in $$(go list ./...); do for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
		echo "== $$pkg $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 20s -fuzzminimizetime 100x $$pkg || exit 1; done; done

.PHONY: bench
bench: ## measure against a bare file server in the same run and print the table
	go run ./bench/run
