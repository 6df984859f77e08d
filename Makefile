# Freddo. `make help` lists the targets; `make test` is what CI runs.
SHELL := /bin/bash
export CGO_ENABLED ?= 0
TOOLS := $(CURDIR)/.tools
GOLANGCI := $(TOOLS)/golangci-lint

.PHONY: help build demo test lint unit conformance race bench load clients update-golden

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

build: ## build ./bin/freddo
	go build -trimpath -ldflags '-s -w' -o bin/freddo ./cmd/freddo

demo: ## start the demo site
	go run ./cmd/freddo demo

test: ## everything: lint, unit, conformance, race and client tests
	@scripts/test

lint: $(GOLANGCI) ## golangci-lint with the import table
	$(GOLANGCI) run --allow-parallel-runners ./...

unit: ## unit and conformance tests, on SQLite alone unless run under scripts/databases
	go test -timeout 30m ./...

conformance: ## replay the recorded conversations on all databases and print the table
	scripts/databases run go test ./internal/replay -run TestConformance -v -count=1 -timeout 30m

race: ## the concurrent packages under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -timeout 30m ./internal/storage/... ./internal/engine/... ./internal/httpapi/... ./internal/auth/...

bench: ## benchmarks beside their limits
	scripts/databases run go test -run '^$$' -bench . -benchtime 2s ./internal/bench

load: ## bodies, slow readers and pictures at once, beside an ordinary client
	FREDDO_LOAD=1 go test ./internal/load -run TestUnderLoad -v -count=1 -timeout 5m

clients: ## published clients (Python, JavaScript, Go) against running demos
	conformance/clients/run

$(GOLANGCI): scripts/golangci-version
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$$(cat scripts/golangci-version)
	@touch $(GOLANGCI)
