# Tests, attacks, and what judges and measures the core; the Makefile includes this.

# ---- Tests ----

HOST_TESTS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/host/test_*.c)))
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SECONDS ?= 60
COUNTER := $(BUILD)/tests/bench/count.so
REACH := $(BUILD)/tests/coverage/reach.so
tested_images := $(call image_files,$(TREE_PROGRAMS) $(BENCH_PROGRAM) $(EVIL_PROGRAM) $(AUDITED_PROGRAM)) \
    $(BUILD)/image/test-core $(if $(CHECKED)$(LINES),,$(BUILD)/image/checked-core $(BUILD)/lessons.tar) $(COUNTER) $(REACH)

# The core that checks itself, with the symbols: it is built in a folder of its own, like all of `make checked`.
$(BUILD)/image/checked-core: $(CORE) $(wildcard ukernel/audit/*.[ch])
	@mkdir -p $(@D)
	@$(MAKE) --no-print-directory CHECKED=1 BUILD=$(BUILD)-checked $(BUILD)-checked/image/core
	$(Q)cp $(BUILD)-checked/handoff.elf $(BUILD)/checked.elf
	$(Q)cp $(BUILD)-checked/image/core $@

$(HOST_TESTS): $(BUILD)/%: %.c tools/host-test $(GEN)/host-flags
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)tools/host-test $@ $< $(HOSTCC) $(HOST_CFLAGS)

$(FUZZERS): $(BUILD)/%: %.c tools/host-test $(GEN)/host-flags
	$(call say,FUZZER,$<)
	@mkdir -p $(@D)
	$(Q)tools/host-test $@ $< clang $(HOST_CFLAGS) -fsanitize=fuzzer

-include $(foreach test,$(HOST_TESTS) $(FUZZERS) $(MATRIX),$(wildcard $(test).parts/*.d))

test: $(HOST_TESTS) $(tested_images) ## run all tests, those on the host and those in the guest
	@BUILD=$(BUILD) tools/test --guest $(HOST_TESTS)

test-host: $(HOST_TESTS) ## run the tests on the host only
	@tools/test $(HOST_TESTS)

test-guest: $(tested_images) ## run the tests in the guest only: PYTESTFLAGS="-k NAME"
	@BUILD=$(BUILD) tools/test --guest

# The same test by all cases, and quick.
MATRIX := $(BUILD)/tests/matrix/full

$(MATRIX): tests/host/test_matrix.c $(wildcard tests/matrix/*.[ch]) tools/host-test $(GEN)/host-flags
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)tools/host-test $@ $< $(HOSTCC) $(filter-out -fsanitize=% -fno-sanitize% -O1,$(HOST_CFLAGS)) -O2

matrix: $(MATRIX) ## compare 145 million memory operations with what an oracle expects
	@MATRIX_FULL=1 $(MATRIX)
.PHONY: matrix

# The same test by millions of requests, and quick.
MESSAGES := $(BUILD)/tests/messages/full
REQUESTS ?= 50000000
SEED ?= 1

$(MESSAGES): tests/host/test_memsrv.c $(wildcard servers/memsrv/*.[ch] ukernel/*.[ch] tests/host/memsrv_*.[ch]) $(GEN)/host-flags
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)tools/host-test $@ $< $(HOSTCC) $(filter-out -fsanitize=% -fno-sanitize% -O1,$(HOST_CFLAGS)) -O2

messages: $(MESSAGES) ## send memsrv requests at random: REQUESTS=50000000 SEED=1
	@MEMSRV_OPERATIONS=$(REQUESTS) MEMSRV_SEED=$(SEED) MEMSRV_COMPARE=2000 $(MESSAGES)
.PHONY: messages

fuzz: $(FUZZERS) ## run each fuzzer for FUZZ_SECONDS=60
	@for fuzzer in $^; do \
	    echo "== $$fuzzer"; mkdir -p $$fuzzer.corpus; \
	    $$fuzzer -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -artifact_prefix=$$fuzzer. $$fuzzer.corpus || exit 1; \
	done
.PHONY: test test-host test-guest fuzz

# ---- Attacking the core ----

EVIL ?= attacks,random,1,1000000
$(call keep,$(GEN)/evil,$(EVIL))

$(BUILD)/evil-cd.iso: $(BUILD)/image/core $(call image_files,$(EVIL_PROGRAM)) $(GEN)/evil tools/image
	$(call say,CD,$@)
	$(Q)tools/image cd $@ $(BUILD)/image/core 'evil=$(EVIL)' memsrv $(BUILD)/image/$(call names,$(EVIL_PROGRAM))

evil: $(BUILD)/evil-cd.iso ## boot a memsrv that tries to break the core: EVIL=attacks or EVIL=random,SEED,CALLS
	@tools/run $(run_options) $< $(QEMUFLAGS)
.PHONY: evil

# ---- Judging the tests, and the core's build: docs/judging.md ----

STACK_LIMIT := 4096
MUTATEFLAGS ?= --count 300 --guest

mutate: ## change the core wrongly, in one place at a time: do the tests notice? MUTATEFLAGS="--count 300 --guest"
	@BUILD=$(BUILD) nice -n 19 tools/mutate $(MUTATEFLAGS)

# Other cores have build folders of their own, with images of the same names.
coverage: ## which lines of the core all tests together reach: COVERAGEFLAGS="--no-guests --list"
	@$(MAKE) --no-print-directory LINES=1 BUILD=$(BUILD)-lines coverage-here

coverage-here: $(tested_images)
	@BUILD=$(BUILD) tools/coverage $(COVERAGEFLAGS)

$(BUILD)/tests/core/guard.c.o: CFLAGS_HERE = $(CORE_CFLAGS) $(if $(is_clang),,-fcallgraph-info=su)

stack: $(CORE) ## how deep the core's stacks can become
	@tools/stack-depth --limit $(STACK_LIMIT) $< $(call objects,$(filter-out boot/%,$(CORE_SOURCES)))

checked: ## run tests of the guest on a core that checks itself
	@$(MAKE) --no-print-directory CHECKED=1 BUILD=$(BUILD)-checked checked-here

CHECKED_TESTS := $(addprefix tests/guest/,checked.py test_boot.py test_ipc.py test_faults.py test_hostile.py \
    test_badcalls.py test_evil.py)
# This core is larger: with all programs of the tests it doesn't fit into 3 MiB.
checked-here: $(tested_images)
	@BUILD=$(BUILD) /usr/bin/python3 -B -m pytest -p no:cacheprovider \
	    -k 'not bochs and not uefi and not cost and not 3M' $(CHECKED_TESTS)
.PHONY: mutate coverage stack checked checked-here coverage-here

# ---- Exploring: docs/exploration.md ----

EXPLORERS := $(BUILD)/tests/host/test_explore $(BUILD)/tests/host/test_explore_levels

explore: ## make all MMU calls in all states of small machines: EXPLOREFLAGS="memory users all levels prepared"
	@HOSTCC="$(HOSTCC)" nice -n 10 tests/explore/full --build $(BUILD) $(EXPLOREFLAGS)

explore-short: $(EXPLORERS) ## the same in smaller machines, with sanitizers; part of test-host
	@for explorer in $^; do $$explorer || exit 1; done

explore-faults: ## plant faults into the core: does the explorer find each?
	@HOSTCC="$(HOSTCC)" nice -n 10 tests/explore/plant --build $(BUILD)
.PHONY: explore explore-short explore-faults

# ---- Measuring ----

measured_images := $(call image_files,$(RUN_PROGRAMS) $(BENCH_PROGRAM))

$(COUNTER) $(REACH): $(BUILD)/%.so: %.c tests/bench/qemu_plugin.h tasks/bench/sample.h $(GEN)/host-flags
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(filter-out -fsanitize=%,$(HOST_CFLAGS)) -O2 -shared -fPIC -fvisibility=hidden -o $@ $<

bench: $(measured_images) $(if $(IRQ_OFF),$(tested_images)) $(COUNTER) ## measure what calls, faults and boot cost: build/bench/
	@BUILD=$(BUILD) tools/bench $(if $(IRQ_OFF),--suite) $(call names,$(RUN_PROGRAMS))

irq-off: $(tested_images) $(COUNTER) ## the longest time with interrupts off, over all tests of the guest
	@BUILD=$(BUILD) tools/bench --suite
.PHONY: bench irq-off

