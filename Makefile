# Two commands do everything on a fresh Debian 12 or Ubuntu machine with a Swift toolchain:
#   make quickstart    installs what is missing, builds, runs experiments/quickstart.yaml
#   make test          installs what is missing, builds, runs every test

BUILD := swift build -c release
TEST := swift test -c release --skip-build --disable-xctest
WARMUP := .build/release/warmup
RESULTS ?= results
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: deps build quickstart figures test test-trl format lint clean install uninstall dist

deps:
	@scripts/install-dependencies

build: deps
	$(BUILD)

quickstart: build
	$(WARMUP) run experiments/quickstart.yaml --results $(RESULTS) --jobs auto

# The program with its sandbox, completions for bash, zsh and fish, and a man page.
install: build
	scripts/install-files .build/release "$(DESTDIR)$(PREFIX)"

uninstall:
	scripts/install-files --remove "$(DESTDIR)$(PREFIX)"

# An archive that runs without Swift; scripts/try-archive runs it in a bare Debian 12.
dist: deps
	scripts/make-archive

# The pictures of docs/figures.md that show the quickstart, after `make quickstart`.
figures:
	cp $(RESULTS)/quickstart/figures/training.svg docs/images/figure-training.svg
	cp $(RESULTS)/quickstart/figures/gain.svg docs/images/figure-bars.svg
	cp $(RESULTS)/quickstart/figures/solved.svg docs/images/figure-solve-history.svg
	cp $(RESULTS)/quickstart/figures/flips.svg docs/images/figure-confusion.svg

# WITH_TRL=1 has the real TRL checked, too, briefly and by itself, since it keeps every core busy; where its
# packages cannot be had in five minutes, the run says so and goes on without.
test: deps lint
	$(BUILD) --build-tests
	$(TEST)
	$(if $(WITH_TRL),WARMUP_TRL_BRIEFLY=1 WARMUP_TRL_PYTHON="$$(timeout 300 scripts/trl-python || true)" \
	  $(TEST) --filter EngineCheckTests)

# The tests that need the real TRL, in a locked environment that is made once, outside of the checkout.
test-trl: deps
	scripts/test-trl

format:
	swift format -i -r Package.swift Plugins Sources Tests

lint:
	swift format lint -r --strict Package.swift Plugins Sources Tests

clean:
	rm -rf .build
