# SPDX-License-Identifier: Apache-2.0
# stoat's build. `make help` lists the targets.
#
#   MODE=release|debug|asan   how to compile; each mode has its own folder in build/
#   CC=gcc|clang              both work, and their objects stay apart
#   WERROR=0|1                warnings are errors: in every mode but release, and there when CI is set
#   V=1                       show the commands

MODE ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
SECS ?= 60
V ?= 0

VERSION := $(shell cat VERSION)
COMPILER := $(if $(findstring clang,$(CC)),clang,gcc)
B := build/$(MODE)$(if $(filter clang,$(COMPILER)),-clang)
Q := $(if $(filter 1,$(V)),,@)
# Sub-makes use every CPU unless the user has chosen.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
SUBMAKE = $(MAKE) --no-print-directory $(JOBS)

# --- flags ---

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wcast-qual -Wformat=2 -Wundef -Wwrite-strings -Wpointer-arith \
	-Wnull-dereference -Wimplicit-fallthrough -Wswitch-enum
ifeq ($(COMPILER),gcc)
WARNINGS += -Wlogical-op -Wduplicated-cond -Wduplicated-branches
endif

MODE_CFLAGS_release := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
MODE_LDFLAGS_release := -pie -Wl,-z,relro,-z,now
MODE_CFLAGS_debug := -Og -g
MODE_CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
MODE_LDFLAGS_asan := -fsanitize=address,undefined
# clang only: the harnesses of `make fuzz`.
MODE_CFLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
MODE_LDFLAGS_fuzz := -fsanitize=address,undefined
ifeq ($(MODE_CFLAGS_$(MODE)),)
$(error MODE=$(MODE) is unknown: release, debug or asan)
endif

WERROR ?= $(if $(filter-out release,$(MODE))$(CI),1,0)
ALL_CPPFLAGS := -D_GNU_SOURCE -Isrc -DSTOAT_VERSION='"$(VERSION)"' $(CPPFLAGS)
ALL_CFLAGS := -std=gnu17 $(WARNINGS) $(if $(filter 1,$(WERROR)),-Werror) $(MODE_CFLAGS_$(MODE)) \
	$(CFLAGS)
ALL_LDFLAGS := $(MODE_LDFLAGS_$(MODE)) $(LDFLAGS)
LIBS := -lZydis -ldeflate -lzstd -liberty

# --- files ---

SRC := $(sort $(wildcard src/*/*.c))
LIB_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out src/cli/main.c,$(SRC)))
UNIT_OBJ := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/unit/*.c)))
HARNESSES := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
# Named one by one: what only pattern rules know is left out when a file with an old date is added.
ALL_OBJ := $(LIB_OBJ) $(UNIT_OBJ) $(B)/src/cli/main.o $(B)/tests/fuzz/replay.o \
	$(HARNESSES:%=$(B)/tests/fuzz/fuzz_%.o)
DEPFILES := $(LIB_OBJ:.o=.d) $(UNIT_OBJ:.o=.d) $(B)/src/cli/main.d $(B)/tests/fuzz/replay.d \
	$(HARNESSES:%=$(B)/tests/fuzz/fuzz_%.d)

.PHONY: all
ifeq ($(MODE),release)
all: stoat ## build ./stoat (MODE=debug and MODE=asan leave it in build/)
else
all: $(B)/stoat
endif

# Objects depend on the flags that they are compiled with.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS))' | \
		cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS))' >$@

$(ALL_OBJ): $(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(ALL_CPPFLAGS) $(if $(filter tests/%,$<),-Itests/unit -Itests/fuzz) $(ALL_CFLAGS) \
		-MMD -MP -c -o $@ $<

# What it has in it as it is.
$(B)/src/out/flame.o: src/out/flame.css src/out/flame.js
$(B)/src/gen/templates.o: $(wildcard src/gen/templates/*.bt)

# Made anew each time, so that the object of a deleted source does not stay in it.
$(B)/libstoat.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/stoat: $(B)/src/cli/main.o $(B)/libstoat.a
	@echo "  LINK    $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# Several builds can lead here (CC=gcc, CC=clang): compared by content, not by time.
stoat: $(B)/stoat FORCE
	@cmp -s $< $@ || { echo "  COPY    $@"; rm -f $@; cp $< $@; }

$(B)/unit: $(UNIT_OBJ) $(B)/libstoat.a
	@echo "  LINK    $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# A harness and a main that feeds it files: replays the corpus without libFuzzer.
$(B)/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(B)/libstoat.a
	@echo "  LINK    $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(B)/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/libstoat.a
	@echo "  LINK    $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

.PHONY: FORCE
FORCE:
-include $(DEPFILES)

# --- targets for people ---

.PHONY: demo
demo: ## show what stoat does, on a small Go program that this builds
	@scripts/deps build
	@$(SUBMAKE) all
	@scripts/demo

.PHONY: test
test: ## everything that is tested (ARGS="-k PATTERN -v" go to tests/run)
	@scripts/deps test
	@$(SUBMAKE) test-build
	@scripts/toolchains >/dev/null
	@STOAT=$(if $(filter release,$(MODE)),./stoat,$(B)/stoat) tests/run $(ARGS)

# Everything that tests/run needs, also under AddressSanitizer and UBSan.
.PHONY: test-build
test-build:
	@$(MAKE) --no-print-directory all $(B)/unit
	@$(MAKE) --no-print-directory MODE=asan CC=gcc build/asan/stoat build/asan/unit \
		$(HARNESSES:%=build/asan/replay_%)

.PHONY: test-unit
test-unit: $(B)/unit ## only the unit tests, in this MODE
	@$(B)/unit $(ARGS)

.PHONY: lint
lint: ## format, clang-tidy, cppcheck, headers, layers, shellcheck, forbidden calls
	@scripts/deps lint
	@scripts/lint

# Both take return values of other files for anything, so what they say is to be judged.
CLANG_ANALYZER := -*,clang-analyzer-*,-clang-analyzer-unix.Malloc,-clang-analyzer-valist.*
CLANG_ANALYZER := $(CLANG_ANALYZER),-clang-analyzer-optin.*,-clang-analyzer-security.insecureAPI.*
.PHONY: analyze
analyze: $(SRC:src/%.c=build/analyze/%.ok) ## what gcc's and clang's analyzers think: a report to judge
build/analyze/%.ok: src/%.c Makefile
	@mkdir -p $(@D)
	@echo "  ANALYZE $<"
	$(Q)gcc $(ALL_CPPFLAGS) -std=gnu17 -O1 -MMD -MP -MT $@ -MF $(@:.ok=.d) -fanalyzer -c \
		-o /dev/null $<
	$(Q)clang-tidy --quiet --checks='$(CLANG_ANALYZER)' --warnings-as-errors=-* $< -- \
		$(ALL_CPPFLAGS) -std=gnu17 2>/dev/null
	@touch $@
-include $(SRC:src/%.c=build/analyze/%.d)

.PHONY: bench
bench: ## the figures of bench/, with ratios
	@scripts/deps test
	@$(SUBMAKE) all
	@if [ -x bench/run ]; then bench/run $(ARGS); else echo 'bench/run is not there' >&2; exit 1; fi

.PHONY: soak
soak: ## Go programs under return probes, 10,000 runs and 5,000,000 calls (ARGS="-n RUNS --calls N")
	@scripts/deps test
	@$(SUBMAKE) all
	@scripts/toolchains >/dev/null
	@tests/soak $(ARGS)

.PHONY: kernels
kernels: ## boot other kernels (5.10 to the newest) under qemu and run tests/kernels/cases there
	@scripts/deps kernels
	@$(SUBMAKE) all
	@tests/kernels/run $(ARGS)

.PHONY: fuzz
fuzz: $(HARNESSES:%=fuzz-%) ## every fuzzing harness for SECS=60 seconds; `make fuzz-elf` for one
fuzz-%:
	@scripts/deps fuzz
	@$(SUBMAKE) MODE=fuzz CC=clang build/fuzz-clang/fuzz_$*
	@scripts/fuzz-corpus $*
	@mkdir -p build/fuzz/$*
	build/fuzz-clang/fuzz_$* -max_total_time=$(SECS) -timeout=10 -rss_limit_mb=2048 \
		-max_len=262144 -artifact_prefix=build/fuzz/$*- -print_final_stats=1 \
		build/fuzz/$* build/corpus/$* $(wildcard tests/fuzz/corpus/$*)

.PHONY: install
install: all ## into PREFIX=/usr/local, below DESTDIR=
	install -D -m 755 $(B)/stoat $(DESTDIR)$(PREFIX)/bin/stoat
	$(if $(wildcard docs/stoat.1),install -D -m 644 docs/stoat.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/stoat.1)
	install -d $(DESTDIR)$(PREFIX)/share/doc/stoat
	install -m 644 $(wildcard LICENSE README.md CHANGELOG.md docs/*.md) \
		$(DESTDIR)$(PREFIX)/share/doc/stoat
	install -d $(DESTDIR)$(PREFIX)/share/stoat/examples
	install -m 644 $(wildcard examples/*.bt) $(DESTDIR)$(PREFIX)/share/stoat/examples
	install -D -m 644 completion/stoat.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/stoat
	install -D -m 644 completion/_stoat $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_stoat
	install -D -m 644 completion/stoat.fish \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/stoat.fish

.PHONY: uninstall
uninstall: ## what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/stoat $(DESTDIR)$(PREFIX)/share/man/man1/stoat.1
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/stoat \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_stoat \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/stoat.fish
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/stoat $(DESTDIR)$(PREFIX)/share/stoat

.PHONY: clean
clean: ## remove all that was built
	rm -rf build stoat

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo
	@sed -n 's/^#   \([A-Z]*=\)/  \1/p' Makefile

# For scripts: the flags of this MODE and CC.
.PHONY: flags
flags:
	@printf '%s\n' '$(subst ','\'',$(ALL_CPPFLAGS) $(ALL_CFLAGS))'
