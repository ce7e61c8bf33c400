# Understudy's front door. `make` alone prints what there is.

SWIFT   ?= swift
PREFIX  ?= /usr/local
DESTDIR ?=
FILTER  ?=

UNDERSTUDY := $(abspath .build/release/understudy)
GUESTS     := $(abspath .build/guests)
BENCH      := $(abspath .build/bench)
TEST_LOG   := $(abspath .build/test.log)
FORMATTED  := Sources Tests Package.swift

# Debian packages: what a build needs, and what the demo and the tests run on top of it.
BUILD_PACKAGES := libc6-dev liblz4-dev libxxhash-dev libzydis-dev make
TEST_PACKAGES  := apache2-utils busybox-static coreutils curl gcc golang-go gzip libpython3.11-testsuite lighttpd \
                  lua5.4 memcached mount nginx-light nodejs openjdk-17-jdk-headless openssl perl python3 \
                  redis-server redis-tools rustc sqlite3 strace stress-ng util-linux

# Targets whose tests run programs and talk with them: they are kept from what computes in the test runner's threads.
PROGRAM_TESTS := (BadInput|Conformance|Corpus|Counter|Measurement|Program|Redis|Server|Takeover|TestSupport|Trace)Tests

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help deps build guests test soak conformance fuzz check demo bench bench-full format install clean require-build require-test

# With the Swift runtime inside: the executable runs where there is no Swift, and starts in three quarters of the time.
# Not by the default linker (gold), which warns of a function that nobody here calls.
RELEASE := build -c release --static-swift-stdlib -Xswiftc -use-ld=lld --product understudy

# $(call missing,PACKAGES) is a shell command that prints those of PACKAGES that are not installed. A system without
# dpkg is taken at its word: whatever is not there will be named by the first thing that needs it.
missing = command -v dpkg-query >/dev/null || exit 0; for package in $(1); do \
	dpkg-query -W -f='$${Status}' "$$package" 2>/dev/null | grep -q 'ok installed' || echo "$$package"; done
install_command = apt-get install -y --no-install-recommends

# $(call require,PACKAGES) is a recipe that stops, and says what to do, unless all of PACKAGES are installed.
define require
	@missing=$$($(call missing,$(1)))
	if [[ -n $$missing ]]; then
		echo "missing Debian packages: "$$missing >&2
		echo "run 'make deps' as root, or 'sudo make deps'" >&2
		exit 1
	fi
endef

# $(call run_bench,NAME,OPTIONS) measures everything. What could be measured is there even if some could not.
define run_bench
	mkdir -p $(BENCH)
	rm -f $(BENCH)/$(1).{json,html} $(BENCH)/$(1)/*.svg
	status=0
	$(UNDERSTUDY) bench $(2) --json $(BENCH)/$(1).json --html $(BENCH)/$(1).html --plots $(BENCH)/$(1) || status=$$?
	echo
	for file in $(BENCH)/$(1).html $(BENCH)/$(1).json; do [[ ! -e $$file ]] || echo "bench: $$file"; done
	exit $$status
endef

help: ## Print this
	@echo 'Understudy. On a new machine: "sudo make deps", then "make demo" or "make test".'
	echo
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile
	echo
	echo 'Needs Debian 12 or its like on x86-64, Linux 5.11 or later, and Swift 6.3 or later (https://www.swift.org/install).'

deps: ## Install the Debian packages that the build, the demo and the tests need (as root)
	@missing=$$(echo $$($(call missing,$(BUILD_PACKAGES) $(TEST_PACKAGES))))
	if [[ -z $$missing ]]; then
		echo 'deps: all there'
		exit 0
	fi
	if [[ $$(id -u) != 0 ]]; then
		echo 'deps: some packages are missing; run this as root:' >&2
		echo "  apt-get update && $(install_command) $$missing" >&2
		exit 1
	fi
	# Debian starts a daemon, such as redis on port 6379, as soon as it is installed. This keeps them from it.
	policy=/usr/sbin/policy-rc.d
	if [[ ! -e $$policy ]]; then
		trap "rm -f $$policy" EXIT
		printf '#!/bin/sh\n# Left behind by an interrupted "make deps" of Understudy: remove it.\nexit 101\n' >$$policy
		chmod 755 $$policy
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q
	$(install_command) -q -o DPkg::Lock::Timeout=300 $$missing </dev/null
	for service in redis-server:redis-server memcached:memcached lighttpd:lighttpd nginx-light:nginx; do
		if [[ " $$missing " == *" $${service%:*} "* && -d /run/systemd/system ]]; then
			systemctl disable --quiet --now "$${service#*:}" || true
		fi
	done

require-build:
	$(call require,$(BUILD_PACKAGES))
	if ! command -v $(SWIFT) >/dev/null; then
		echo "'$(SWIFT)' is not on the PATH: install Swift 6.3 or later, https://www.swift.org/install" >&2
		exit 1
	fi

require-test:
	$(call require,$(BUILD_PACKAGES) $(TEST_PACKAGES))

build: require-build ## Build .build/release/understudy
	@$(SWIFT) $(RELEASE)

guests: require-test ## Build the small guest programs of the tests into .build/guests
	@$(MAKE) --no-print-directory -C guest-examples OUT=$(GUESTS)

test: require-test build guests ## Build everything and run the tests (FILTER=Name: only those that match)
	@export UNDERSTUDY=$(UNDERSTUDY) UNDERSTUDY_GUESTS=$(GUESTS)
	# The last lines are what a log of a failed run is read for.
	run() { $(SWIFT) test "$$@" 2>&1 | tee -a $(TEST_LOG) || { scripts/test-failures $(TEST_LOG); exit 1; }; }
	: >$(TEST_LOG)
	if [[ -n '$(FILTER)' ]]; then
		run --filter '$(FILTER)'
		exit
	fi
	# A process has one arena, which the tests of GuestKernel keep: they run in a process of their own. Those that talk
	# with programs have one too: among tests that compute, each word waits in a queue for one of two threads, and a
	# conversation of fifteen lines took two minutes.
	run --skip '^(GuestKernelTests|$(PROGRAM_TESTS))\.'
	run --skip-build --filter '^$(PROGRAM_TESTS)\.'
	run --skip-build --filter '^GuestKernelTests\.'

# Warnings are errors in every build: Package.swift says so, and check-house-rules sees to it that it does.
check: require-build ## Check format and house rules, build with warnings as errors, compare generated files
	@scripts/check-house-rules --self-test
	scripts/check-house-rules
	$(SWIFT) format lint --strict --parallel --recursive $(FORMATTED)
	$(MAKE) --no-print-directory build
	scripts/check-generated

soak: require-test build guests ## Kill one side again and again under load; SOAK_ROUNDS=200, result in docs/soak.md
	@export UNDERSTUDY=$(UNDERSTUDY) UNDERSTUDY_GUESTS=$(GUESTS) SWIFT=$(SWIFT)
	$(SWIFT) build --build-tests
	scripts/soak

fuzz: require-test ## Feed mutated bytes to what reads the link, by libFuzzer; FUZZ_SECONDS=600
	@SWIFT=$(SWIFT) scripts/fuzz

conformance: require-test build guests ## The same for files in volumes; SOAK_SEQUENCES=10000; and other people's tests
	@export UNDERSTUDY=$(UNDERSTUDY) UNDERSTUDY_GUESTS=$(GUESTS) SWIFT=$(SWIFT)
	$(SWIFT) build --build-tests
	scripts/soak conformance
	scripts/other-tests

demo: require-test build ## Kill a redis-server under load, and see its mirror go on
	@UNDERSTUDY=$(UNDERSTUDY) scripts/demo

bench: require-test build ## Measure what a guest and its mirror cost, in ten minutes; the page is in .build/bench
	@$(call run_bench,short,--short)

bench-full: require-test build ## The same with more rounds and larger guests, in an hour or two
	@$(call run_bench,full,)


format: ## Format the Swift sources in place
	@$(SWIFT) format --in-place --parallel --recursive $(FORMATTED)

install: ## Install what "make build" built (PREFIX=/usr/local, DESTDIR=)
	@if [[ ! -x $(UNDERSTUDY) ]]; then
		echo 'nothing to install yet: run "make build" first' >&2
		exit 1
	fi
	install -D -m 755 $(UNDERSTUDY) $(DESTDIR)$(PREFIX)/bin/understudy

clean: ## Remove everything that was built
	@rm -rf .build
