# drop.stream: what can be made here. `make` alone says it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

VERSION ?= 0.1.0
GO ?= go
LINTER_VERSION := v2.13.1
LINTER := .tools/bin/golangci-lint
BIN := build/bin/dropstream
TAGS := desktop,production,webkit2_41
LDFLAGS := -s -w -X main.version=$(VERSION)
FUZZTIME ?= 20s

# The source may come without its history (a tarball), which Go would otherwise want to stamp in.
export GOFLAGS := -buildvcs=false $(GOFLAGS)

# Not ./...: packages of npm may bring Go files.
GO_PACKAGES := . ./backend/... ./build/...
GO_SOURCES := go.mod go.sum $(shell find main.go app.go backend -type f ! -name '*_test.go' ! -path '*/testdata/*' \
	! -path 'backend/testkit/*')
PAGE_SOURCES := $(shell find frontend -path frontend/node_modules -prune -o -path frontend/dist -prune \
	-o -path frontend/e2e -prune -o -path frontend/test-results -prune -o -type f -print)
PACKAGES := frontend/node_modules/.package-lock.json

.PHONY: help
help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## install what is missing, build, and open the window; FILES="a.mkv b.mp4" drops them on it
	@$(BIN) $(FILES)

.PHONY: build
build: deps $(BIN) ## install what is missing and build the program to build/bin/dropstream

.PHONY: deps
deps:
	@build/deps.sh run

$(BIN): $(GO_SOURCES) build/appicon.png frontend/dist/index.html | deps
	@mkdir -p $(@D)
	$(GO) build -tags $(TAGS) -trimpath -ldflags "$(LDFLAGS)" -o $@ .

frontend/dist/index.html: $(PACKAGES) $(PAGE_SOURCES)
	cd frontend && npm run --silent build
	@touch $@

# npm writes this file last, so that a broken installation is made again.
$(PACKAGES): frontend/package.json frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund
	@touch $@

.PHONY: test
test: ## install what the tests need, and run them all
	@build/deps.sh test
	@build/test.sh

.PHONY: lint
lint: $(LINTER) ## check format and house rules of the Go code
	@$(LINTER) run $(GO_PACKAGES)
	@GOOS=windows CGO_ENABLED=0 $(GO) vet . ./backend/...

.PHONY: format
format: $(LINTER) ## format the Go code
	@$(LINTER) fmt main.go app.go backend build

.PHONY: bindings
bindings: ## write the page's bindings to frontend/wailsjs
	@build/bindings.sh

.PHONY: bench
bench: build ## measure the budgets against bare ffmpeg; prints a table
	@$(GO) run ./backend/testkit/bench

.PHONY: fuzz
fuzz: ## fuzz each target for FUZZTIME (20s)
	@build/fuzz.sh $(FUZZTIME)

.PHONY: clean
clean: ## remove what was built; node_modules and tools stay
	rm -rf build/bin build/cache test-output bench.out frontend/test-results
	find frontend/dist -mindepth 1 ! -name .gitkeep -delete

$(LINTER): Makefile
	GOBIN=$(CURDIR)/.tools/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINTER_VERSION)
	@touch $@
