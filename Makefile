# Everything that is done with this project, each by one command; `make` alone lists them.
# The first command creates the environment in .venv from requirements.lock and nothing else.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/complete

# Options for pytest: make test PYTEST_EXTRA="-k journal"
PYTEST_EXTRA ?=
# A number that repeats the random choices of an earlier run, which printed it: make test SEED=7, make fuzz SEED=7
SEED ?=
# Seconds for each fuzz target, and which targets: make fuzz SECONDS=3600 TARGETS="frames rows"
SECONDS ?= 60
TARGETS ?=
# The Debian systems for make fresh, all of tests/fresh when empty: make fresh SYSTEMS=bookworm
SYSTEMS ?=
# Damage that the demo does on purpose and must find: make demo PLANT=drop (or twice, or history)
PLANT ?=

# Debian packages whose programs tests run.  Where they cannot be installed those tests skip; CI takes no skip.
PAGE_PACKAGES := chromium fonts-noto-cjk libnss3-tools
TEST_PACKAGES := cups-client cups-daemon faketime fonts-dejavu-core ghostscript libfribidi0 libnet-ssleay-perl libusb-1.0-0 msmtp postfix strace swaks systemd udev umockdev
SOAK_PACKAGES := $(TEST_PACKAGES) eatmydata libfuse2 python3-venv systemd-container

# Tests of the page that need no browser; the others of tests/page are for make test-page.
PAGE_FILES := tests/page/test_files.py tests/page/test_words.py
NO_BROWSER := $(addprefix --ignore=,$(filter-out $(PAGE_FILES),$(wildcard tests/page/test_*.py)))
PYTEST = $(BIN)/python -m pytest $(if $(SEED),--seed=$(SEED)) $(PYTEST_EXTRA)

# Rooms whose tests are quick: neither processes that are killed nor whole branches.
QUICK := tests/passbook tests/drivers tests/storage tests/spooler tests/client tests/firmware tests/terminal tests/docs $(PAGE_FILES) tests/test_house.py

.PHONY: help demo demo-two-spools demo-mail demo-slip demo-books run stop test test-page quick check fresh soak crash bench mutants fuzz docs lock clean environment
.DEFAULT_GOAL := help

help:
	@echo 'make demo     print a passbook through two power cuts and a pulled cable, and judge it by the paper (PLANT=drop, twice, history)'
	@echo 'make run      the same appliance and simulator, left running, with commands to try'
	@echo 'make demo-two-spools   a terminal with a spool of its own, through a cut network (PLANT=both-print)'
	@echo 'make demo-mail   two appliances and a mail server: a broadcast, a substitute, cut lines, a dead letter (PLANT=twice)'
	@echo 'make demo-slip   an ESC/POS printer: a slip through a power cut, a PDF page, a certificate from stock (PLANT=twice)'
	@echo 'make demo-books   a statement in the books of several banks, and a full book that goes on in a new one (PLANT=twice, drop)'
	@echo 'make stop     end what make run left running'
	@echo 'make test     the tests but the long ones, about five minutes on two quiet cores (SEED=number repeats a run)'
	@echo 'make test-page   the tests of the page, with Chromium'
	@echo 'make quick    the tests of the rooms alone, about a minute: for everyday work'
	@echo 'make check    format, lint, types, import directions, and all tests but those with a browser and soak: what CI runs, about twenty minutes'
	@echo 'make fresh    the demo and the tests on bare Debian systems that it makes; as root'
	@echo 'make soak     the long forms of the tests (SEED=number repeats a run)'
	@echo 'make crash    power cuts at every moment: 100000 states of a disk, then 400 disks of a running appliance'
	@echo 'make bench    measure speed and memory beside what is possible, and write docs/performance.md'
	@echo 'make mutants  break each promise on purpose and see its test fail'
	@echo 'make fuzz     a minute for each fuzz target (SECONDS=3600 for an hour each, TARGETS="frames rows", SEED=number)'
	@echo 'make docs     write the pages of docs that are made from the code'
	@echo 'make lock     choose the newest allowed versions and write requirements.lock and deploy/requirements.lock'
	@echo 'make clean    remove the environment and everything that was built'

environment: $(STAMP)

$(STAMP): requirements.lock pyproject.toml .ci/environment
	@PYTHON='$(PYTHON)' sh .ci/environment .venv
	@touch $@

demo: $(STAMP)
	@$(BIN)/python -m demo $(if $(PLANT),--plant $(PLANT))

run: $(STAMP)
	@$(BIN)/python -m demo --stay

demo-two-spools: $(STAMP)
	@$(BIN)/python -m demo.two_spools $(if $(PLANT),--plant $(PLANT))

demo-mail: $(STAMP)
	@sh .ci/packages postfix || true
	@$(BIN)/python -m demo.mail $(if $(PLANT),--plant $(PLANT))

demo-slip: $(STAMP)
	@$(BIN)/python -m demo.slip $(if $(PLANT),--plant $(PLANT))

demo-books: $(STAMP)
	@$(BIN)/python -m demo.books $(if $(PLANT),--plant $(PLANT))

stop: $(STAMP)
	@$(BIN)/python -m demo --end

test: $(STAMP)
	@sh .ci/packages $(TEST_PACKAGES) || true
	@$(PYTEST) -n 2 --dist worksteal -m 'not soak and not long' $(NO_BROWSER)

# Not among the others: a browser needs both cores and its own packages.
test-page: $(STAMP)
	@sh .ci/packages $(PAGE_PACKAGES) || true
	@$(PYTEST) -m 'not soak' tests/page

quick: $(STAMP)
	@$(PYTEST) -n 2 --dist worksteal -m 'not soak and not long and not slow' --hypothesis-profile=quick $(QUICK)

check: $(STAMP)
	@sh .ci/packages $(TEST_PACKAGES) || true
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(PYTEST) -n 2 --dist worksteal -m 'not soak' $(NO_BROWSER)

# The tests are those of the last commit; what they print is what a new user sees.
fresh:
	@sh .ci/packages mmdebstrap
	@$(PYTHON) -m tests.fresh $(SYSTEMS)

# An hour is for one test; its own waits are shorter and say what they waited for.  Files lie on a disk, which the
# other tests do without.
soak: $(STAMP)
	@sh .ci/packages $(SOAK_PACKAGES) || true
	@TMPDIR=$${TMPDIR:-/tmp} $(PYTEST) -n 2 --dist worksteal -m 'soak or hypothesis' --hypothesis-profile=soak --timeout=3600

crash: $(STAMP)
	@sh .ci/packages $(SOAK_PACKAGES) || true
	@$(BIN)/python -m tests.crash $(if $(SEED),--seed=$(SEED))
	@$(PYTEST) -s -m soak --images=200 --timeout=3600 tests/crash/test_unmodified.py

bench: $(STAMP)
	@sh .ci/packages cups-daemon postfix || true
	@$(BIN)/python -m bench

mutants: $(STAMP)
	@$(BIN)/python -m tests.mutants

fuzz: $(STAMP)
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed=$(SEED)) $(TARGETS)

docs: $(STAMP)
	@$(BIN)/python -m tests.docs

# uv and not pip: only it writes one lock that holds on every processor architecture.
lock:
	@$(PYTHON) -m venv --clear build/lock
	@build/lock/bin/python -m pip install -qq --disable-pip-version-check uv
	@build/lock/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock
	@build/lock/bin/uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --constraint requirements.lock \
		--generate-hashes --no-header --no-annotate --quiet --output-file deploy/requirements.lock

clean:
	@$(RM) -r .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec $(RM) -r {} +
