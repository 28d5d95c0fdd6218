# Thin targets: what they do is in Go or in scripts/.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Go and buf keep their caches below HOME; some build machines have none.
ifeq ($(strip $(HOME)),)
export HOME := $(CURDIR)/.bin/home
export GOFLAGS := $(GOFLAGS) -modcacherw
endif

GOLANGCI_LINT_VERSION := 2.15.0
GOLANGCI_LINT := .bin/golangci-lint
BUF := go tool -modfile=tools/go.mod buf
# The contract of the conformance suite is where its module is.
CONFORMANCE = $(shell go list -modfile=tools/conformance/go.mod -f '{{.Module.Dir}}' connectrpc.com/conformance/cmd/connectconformance)
CONFORMANCE_PROTO = $(CONFORMANCE)/proto/connectrpc/conformance/v1
# One PostgreSQL server for everything that the command behind it tests. Without PostgreSQL it fails.
WITH_POSTGRES := go run -race ./test/dbtest/withpostgres
GO_TEST = $(WITH_POSTGRES) go test -race -timeout 40m $(TESTFLAGS)
# This machine's Node if the packages take it, and one of our own if not.
WITH_NODE := scripts/with-node
CLIENT := clients/typescript
CLIENT_MODULES := $(CLIENT)/node_modules/.package-lock.json
CONSOLE := clients/console
CONSOLE_MODULES := $(CONSOLE)/node_modules/.package-lock.json
# .goreleaser.yaml has the same.
PLATFORMS := $(foreach os,linux darwin windows,$(os)/amd64 $(os)/arm64)
# What to test, and further flags, such as: make test PKG=./internal/product TESTFLAGS='-run Create -v'
PKG ?= ./...
TESTFLAGS ?=
# What to measure: -help lists the flags.
BENCHFLAGS ?=
# How to drill: -help lists the flags.
DRILLFLAGS ?=

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## Start the catalog on localhost:8080 with its data in ./catalog-data
	go run ./cmd/catalog serve

.PHONY: setup
setup: ## Install what the tests need
	@scripts/setup

.PHONY: test
ifeq ($(PKG),./...)
test: client-test console-test go-test e2e-test ## Run every test, with the race detector, on SQLite and on PostgreSQL
else
test: setup
	$(GO_TEST) $(PKG)
endif

.PHONY: go-test
go-test: setup ## Run the tests of the program's packages
	$(GO_TEST) $$(go list ./... | grep -v '/catalog/test/')

.PHONY: e2e-test
e2e-test: setup ## Run the end-to-end tests, with a short drill
	$(GO_TEST) ./test/...

.PHONY: client-test
client-test: setup $(CLIENT_MODULES) ## Run the TypeScript client's tests, also against the server
	$(WITH_POSTGRES) $(WITH_NODE) npm --prefix $(CLIENT) test

.PHONY: console-test
console-test: setup $(CLIENT_MODULES) $(CONSOLE_MODULES) ## Run the console's tests, in Chromium against the server
	go build -o .bin/catalog ./cmd/catalog
	CATALOG_BINARY="$(CURDIR)/.bin/catalog" CHROMIUM="$${CATALOG_TEST_CHROMIUM:-/usr/bin/chromium}" \
		$(WITH_NODE) npm --prefix $(CONSOLE) test

.PHONY: generate
generate: $(CLIENT_MODULES) ## Make everything that is made from proto/, ent/schema/ and the list of reasons
	$(BUF) generate
	$(BUF) generate --template test/conformance/buf.gen.yaml $(addprefix --path $(CONFORMANCE_PROTO)/,service.proto config.proto server_compat.proto) $(CONFORMANCE)
	$(WITH_NODE) $(BUF) generate --template buf.gen.ts.yaml
	$(WITH_NODE) npm --prefix $(CLIENT) run generate
	go generate ./...

.PHONY: migration
migration: setup ## Write what the migrations lack of ent/schema: make migration NAME=product_weight [RENAME=products.old:new]
	go run ./internal/db/migrations/diff $(RENAME:%=-rename=%) $(NAME)

.PHONY: migration-hash
migration-hash: ## Bring the migrations' checksums up to date after writing a version by hand
	go run ./internal/db/migrations/diff -hash

.PHONY: check
check: lint build-check proto-check generated-check migrations-check tidy-check terraform-check client-check console-check ## Run every check that is not a test

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run the Go linters
	$(GOLANGCI_LINT) run --allow-parallel-runners ./...

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format Go and proto files
	$(GOLANGCI_LINT) fmt
	$(BUF) format -w proto

.PHONY: build-check
build-check: ## Compile the program for every system that it is released for
	@for platform in $(PLATFORMS); do \
		echo "Building for $$platform"; \
		GOOS="$${platform%/*}" GOARCH="$${platform#*/}" CGO_ENABLED=0 go build -o /dev/null ./cmd/catalog; \
	done

.PHONY: proto-check
proto-check: ## Lint the contract and compare it with the main branch
	$(BUF) lint
	$(BUF) format -d --exit-code proto
	@scripts/check-breaking

.PHONY: generated-check
generated-check: ## Fail if generated files are not up to date
	@scripts/check-generated

.PHONY: client-check
client-check: $(CLIENT_MODULES) ## Lint the TypeScript client, check its size, its documentation and its package
	$(WITH_NODE) npm --prefix $(CLIENT) run check

.PHONY: console-check
console-check: $(CLIENT_MODULES) $(CONSOLE_MODULES) ## Lint the console, check that dist/ is up to date, and its size
	$(WITH_NODE) npm --prefix $(CONSOLE) run check

# npm writes this file last. No package needs its install script: esbuild's only checks what npm installed.
$(CONSOLE_MODULES): $(CONSOLE)/package-lock.json
	$(WITH_NODE) npm --prefix $(CONSOLE) ci --ignore-scripts
	@touch $@

$(CLIENT_MODULES): $(CLIENT)/package-lock.json
	$(WITH_NODE) npm --prefix $(CLIENT) ci --ignore-scripts
	@touch $@

.PHONY: migrations-check
migrations-check: setup ## Fail if the migrations lack something of ent/schema, or an old one changed
	$(WITH_POSTGRES) go test -race ./internal/db/migrations/...

.PHONY: tidy-check
tidy-check: ## Fail if go.mod or go.sum is not tidy
	go mod tidy -diff

.PHONY: terraform-check
terraform-check: ## Check the format of terraform/, and test it where its providers can be had
	@scripts/check-terraform

.PHONY: vulnerability-check
vulnerability-check: ## Look for known vulnerabilities in Go and npm dependencies, where their databases can be reached
	@scripts/check-vulnerabilities

.PHONY: image-check
image-check: ## Build the image, run it read-only and as nobody, and start compose.yaml: needs Docker
	@scripts/check-image

.PHONY: bench
bench: setup ## Measure, and print tables: make bench BENCHFLAGS='-only=calls -quick'
	$(WITH_POSTGRES) go run ./test/bench $(BENCHFLAGS)

.PHONY: spike
spike: setup ## Make 10,000 changes for 50 administrators while Mailgun takes few calls, and print how they are mailed
	$(WITH_POSTGRES) go test ./test/e2e -run TestSpike -v -count=1 -timeout 40m \
		-spike-changes 10000 -spike-window 200ms -spike-calls 10

.PHONY: drill
drill: setup ## Break things under a fleet with load, and prove that it keeps its promises
	go run ./test/drill $(DRILLFLAGS)

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (10s)
	@scripts/fuzz "$(or $(FUZZTIME),10s)"

.PHONY: clean
clean: ## Remove built tools and programs; the data in ./catalog-data stays
	rm -rf .bin bin
	go clean -testcache

# Built from source in its own module, so that its dependencies stay out of go.mod.
.PHONY: FORCE
$(GOLANGCI_LINT): FORCE
	@if ! $@ version 2>/dev/null | grep -q 'version $(GOLANGCI_LINT_VERSION) '; then \
		echo "Building golangci-lint $(GOLANGCI_LINT_VERSION)"; \
		GOFLAGS="$(filter-out -race,$(GOFLAGS))" GOBIN="$(CURDIR)/.bin" \
			go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(GOLANGCI_LINT_VERSION); \
	fi
