# Two commands do everything on a fresh Debian 12 or Ubuntu machine with a Swift toolchain:
#   make quickstart    installs what is missing, builds, runs experiments/quickstart.yaml
#   make test          installs what is missing, builds, runs every test

BUILD := swift build -c release
WARMUP := .build/release/warmup
RESULTS ?= results

.PHONY: deps build quickstart test format lint clean

deps:
	@scripts/install-dependencies

build: deps
	$(BUILD)

quickstart: build
	$(WARMUP) run experiments/quickstart.yaml --results $(RESULTS)

test: deps lint
	$(BUILD) --build-tests
	swift test -c release --skip-build --disable-xctest

format:
	swift format -i -r Package.swift Sources Tests

lint:
	swift format lint -r --strict Package.swift Sources Tests

clean:
	rm -rf .build
