# Handoff's build. `make help` lists what can be asked for; docs/building.md tells more.

.SUFFIXES:
.DELETE_ON_ERROR:

BUILD ?= build
$(if $(word 2,$(BUILD)),$(error BUILD="$(BUILD)": make can't use a path with spaces))
GEN := $(BUILD)/gen
goals := $(or $(MAKECMDGOALS),all)

Q := $(if $(VERBOSE),,@)
say = @printf '  %-6s %s\n' '$(1)' '$(2)'

# $(call keep,FILE,TEXT): writes FILE if it doesn't say TEXT already. What depends on FILE is
# made again when TEXT changes. (make has read the old FILE before it writes the new one.)
comma := ,
keep = $(if $(CROSS),$(if $(call differ,$(strip $(file <$(1))),$(strip $(2))),$(shell mkdir -p $(dir $(1)))$(file >$(1),$(strip $(2)))))
differ = $(subst x$(1)x,,x$(2)x)$(subst x$(2)x,,x$(1)x)

# ---- The machine we build on: what is missing is installed, and the compiler is looked for ----

# `make lesson` builds when it takes a lesson (N) from nobody's file (IMAGE).
unbuilt_lesson := $(if $(N),$(if $(IMAGE),lesson),lesson)
ifneq ($(filter-out clean help docs toolchain doctor console $(unbuilt_lesson),$(goals)),)
include $(BUILD)/host-run.mk
endif
ifneq ($(filter test test-% matrix bench irq-off docs-check fuzz evil explore% mutate coverage% stack checked% bochs debug tidy format format-check lines,$(goals))$(findstring clang,$(CC)),)
include $(BUILD)/host-test.mk
endif
ifneq ($(filter lesson lesson-%,$(goals)),)
include $(BUILD)/host-lesson.mk
endif
ifneq ($(filter docs,$(goals)),)
include $(BUILD)/host-docs.mk
endif

$(BUILD)/host-%.mk: tools/setup $(wildcard toolchain/bin/x86_64-elf-gcc)
	@tools/setup $*
	@mkdir -p $(@D) && : >$@
	@PATH="$(CURDIR)/toolchain/bin:$$PATH"; \
	for gcc in x86_64-elf-gcc x86_64-linux-gnu-gcc; do \
	    if path=$$(command -v $$gcc); then echo "CROSS := $${path%gcc}" >$@; break; fi; \
	done

HOSTCC ?= gcc
NASM ?= nasm
ifeq ($(origin CC),default)
CC := $(CROSS)gcc
endif
compiler := $(shell $(CC) --version 2>/dev/null | head -n 1)
is_clang := $(findstring clang,$(compiler))
ifeq ($(origin LD),default)
LD := $(or $(if $(is_clang),$(shell command -v ld.lld)),$(CROSS)ld)
endif
ifeq ($(origin AR),default)
AR := $(CROSS)ar
endif
OBJCOPY ?= $(CROSS)objcopy
NM ?= $(CROSS)nm
ifdef CROSS
$(if $(compiler),,$(error The compiler "$(CC)" can't be run; if it was removed, make clean))
endif

# ---- Flags ----

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
    -Wvla -Wundef -Wpointer-arith -Wcast-qual -Wredundant-decls -Wnested-externs \
    -Wimplicit-fallthrough -Wformat=2
FREESTANDING := -std=gnu2x -O2 -g -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fcf-protection=none \
    -fno-asynchronous-unwind-tables -fno-delete-null-pointer-checks -mno-red-zone -mgeneral-regs-only \
    $(WARNINGS) -Iinclude
# CHECKED=1: a core that has AUDIT, and stops at undefined behaviour or when a function overruns its stack frame.
CHECKS := $(if $(CHECKED),-fsanitize=undefined -fsanitize-undefined-trap-on-error \
    -fstack-protector-strong -mstack-protector-guard=global)
# LINES=1: a core in which each line keeps code of its own, for `make coverage`.
EACH_LINE := $(if $(LINES),-O0 -Wno-frame-larger-than)
CORE_CFLAGS := $(FREESTANDING) -Iukernel -mcmodel=kernel -Wwrite-strings -Wframe-larger-than=1024 $(CHECKS) $(EACH_LINE)
PROGRAM_CFLAGS := $(FREESTANDING) -Ilibipc/include
# Tasks may compute with floating-point numbers; but only who does so should use the FPU, which
# costs, and not every one that copies a structure.
TASK_CFLAGS = $(filter-out -mgeneral-regs-only,$(PROGRAM_CFLAGS)) $(NO_IMPLICIT_FPU) $(FRAME_POINTERS)
# By which memsrv tells who had called whom, when it ends a task.
FRAME_POINTERS := -fno-omit-frame-pointer

# A loop in memset must not become a call of memset; clang is told so by -ffreestanding.
GCC_CFLAGS := -fno-tree-loop-distribute-patterns -Wlogical-op -Wduplicated-cond -Wduplicated-branches
CLANG_CFLAGS := --target=x86_64-elf
NO_IMPLICIT_FPU := $(if $(is_clang),-mno-implicit-float,-fno-tree-vectorize -fno-tree-slp-vectorize \
    -mtune-ctrl=^sse_unaligned_load_optimal$(comma)^sse_unaligned_store_optimal$(comma)^sse_typeless_stores)
COMPILER_CFLAGS := $(if $(is_clang),$(CLANG_CFLAGS),$(GCC_CFLAGS))

NASMFLAGS := -f elf64 -g -F dwarf -Werror -Iinclude/ -I$(GEN)/
LDFLAGS := -nostdlib -static -z max-page-size=0x1000 -z noexecstack --build-id=none --fatal-warnings
HOST_CFLAGS := -std=gnu2x -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
    -Wall -Wextra -Werror -Iinclude -Itests/host

$(call keep,$(GEN)/flags,$(CC) $(compiler) $(COMPILER_CFLAGS) $(CORE_CFLAGS) $(PROGRAM_CFLAGS) $(TASK_CFLAGS) $(FRAME_POINTERS) $(NASM) $(NASMFLAGS) $(LD) $(LDFLAGS))
$(call keep,$(GEN)/host-flags,$(HOSTCC) $(HOST_CFLAGS))

# ---- The core ----

CORE_SOURCES := $(sort $(filter-out $(if $(CHECKED),ukernel/audit_off.c),$(wildcard boot/*.asm ukernel/*.asm ukernel/*.c)) \
    $(if $(CHECKED),tests/core/guard.c $(wildcard ukernel/audit/*.c)))
CORE := $(BUILD)/handoff.elf

all: $(CORE) programs ## build the core and all programs
.PHONY: all programs

objects = $(patsubst %,$(BUILD)/%.o,$(1))

# The tests have a core of their own besides, which breaks its rules when asked to.
TEST_CORE_SOURCES := tests/core/selftest.c
TEST_CORE := $(BUILD)/tests/handoff.elf

# Lessons have cores of their own, in which a file of lessons/core/ stands in for one of the core's.
LESSON_CORES := ghost unready
replaced-ghost := ukernel/invalidate.asm
replaced-unready := ukernel/runnable.c
LESSON_CORE_SOURCES := $(foreach name,$(LESSON_CORES),$(wildcard lessons/core/$(name).*))
LESSON_ELFS := $(patsubst %,$(BUILD)/lessons/%.elf,$(LESSON_CORES))
lesson_sources = $(filter-out $(replaced-$(1)),$(CORE_SOURCES)) $(wildcard lessons/core/$(1).*)
$(foreach name,$(LESSON_CORES),$(eval $(BUILD)/lessons/$(name).elf: $(call objects,$(call lesson_sources,$(name)))))

$(CORE): $(call objects,$(CORE_SOURCES))
$(TEST_CORE): $(call objects,$(CORE_SOURCES) $(TEST_CORE_SOURCES))
$(CORE) $(TEST_CORE) $(LESSON_ELFS): ukernel/core.ld $(GEN)/flags
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LD) $(LDFLAGS) -T ukernel/core.ld -Map=$(@:.elf=.map) -o $@ $(filter %.o,$^)

# NASM's constants come from the C headers: the compiler prints them into its assembly.
$(GEN)/offsets.inc: tools/offsets.c $(GEN)/flags
	$(call say,GEN,$@)
	$(Q)$(CC) $(COMPILER_CFLAGS) $(CORE_CFLAGS) -MMD -MP -MT $@ -MF $@.d -S -o $@.s $<
	$(Q)sed -n 's/.*->\(%define [A-Za-z0-9_]* \)\$$*\([-0-9]*\).*/\1\2/p' $@.s >$@

$(call objects,$(filter boot/%.asm ukernel/%.asm,$(CORE_SOURCES))): $(GEN)/offsets.inc

# ---- Programs of ring 3: a file or a folder each; servers, then tasks, then those of tests ----

program_sources = $(sort $(wildcard $(1).c $(1)/*.c $(1)/*.asm)) $(shared-$(1))
programs_in = $(sort $(patsubst %/,%,$(dir $(wildcard $(1)/*/*.c))) $(basename $(wildcard $(1)/*.c)))

SERVERS := servers/memsrv servers/init
SERVERS += $(filter-out $(SERVERS),$(call programs_in,servers))
TASK_PROGRAMS := $(call programs_in,tasks)
TEST_PROGRAMS := $(call programs_in,tests/tasks)
LESSON_PROGRAMS := $(filter-out lessons/core,$(call programs_in,lessons))

# These take memsrv's place, and have some sources of others.
BENCH_PROGRAM := tests/bench/membench
EVIL_PROGRAM := tests/evil
AUDITED_PROGRAM := tests/audited
HAUNT_PROGRAM := lessons/haunt
HALFBORN_PROGRAM := lessons/halfborn
shared-$(BENCH_PROGRAM) := tasks/bench/sample.c servers/memsrv/start.asm \
    $(patsubst %,servers/memsrv/%.c,core chunk buddy buddy_table buddy_check)
shared-$(EVIL_PROGRAM) := servers/memsrv/start.asm
shared-$(HAUNT_PROGRAM) := servers/memsrv/start.asm servers/memsrv/core.c
shared-$(HALFBORN_PROGRAM) := lessons/haunt/frames.c $(shared-$(HAUNT_PROGRAM))
shared-$(AUDITED_PROGRAM) := $(patsubst %,tests/evil/%.c,client console look memory world) servers/memsrv/start.asm

# TASKS=DIRECTORY: programs from outside the tree
ifdef TASKS
ifneq ($(words $(abspath $(TASKS))),1)
$(error TASKS="$(TASKS)" in "$(CURDIR)": make can't use a path with spaces)
endif
ifeq ($(wildcard $(TASKS)/.),)
$(error TASKS="$(TASKS)": there is no such directory)
endif
OUTSIDE_PROGRAMS := $(call programs_in,$(abspath $(TASKS)))
ifeq ($(OUTSIDE_PROGRAMS),)
$(error TASKS="$(TASKS)": no C source is in it)
endif
endif

RUN_PROGRAMS := $(SERVERS) $(TASK_PROGRAMS) $(OUTSIDE_PROGRAMS)
TREE_PROGRAMS := $(SERVERS) $(TASK_PROGRAMS) $(TEST_PROGRAMS)
PROGRAMS := $(TREE_PROGRAMS) $(BENCH_PROGRAM) $(EVIL_PROGRAM) $(AUDITED_PROGRAM) $(LESSON_PROGRAMS) $(OUTSIDE_PROGRAMS)
names = $(notdir $(1))

twice := $(strip $(foreach name,$(sort $(call names,$(PROGRAMS))),\
    $(if $(filter-out 1,$(words $(filter $(name),$(call names,$(PROGRAMS))))),$(name))))
$(if $(twice),$(error More than one program is called: $(twice)))
$(if $(filter core names,$(call names,$(PROGRAMS))),$(error No program can be called "core" or "names": the image has other files of that name))

# Each has a link address of its own, by its place in the list: 8 MiB apart, up to memsrv's IMAGE_END.
$(if $(word 97,$(PROGRAMS)),$(error There are link addresses for 96 programs, and $(words $(PROGRAMS)) programs))
$(foreach path,$(PROGRAMS),$(eval place-$(path) := $(words $(placed)))$(eval placed += $(path)))
PLACE_BYTES := 0x800000
$(call keep,$(GEN)/programs,$(PLACE_BYTES) $(TREE_PROGRAMS) $(LESSON_PROGRAMS))

# What stands outside the tree is built below $(BUILD)/outside/, by its full path.
within_build = $(patsubst %,$(BUILD)/%$(2),$(patsubst /%,outside/%,$(1)))
elf = $(call within_build,$(1),.elf)
program_objects = $(call within_build,$(call program_sources,$(1)),.o)

define program
$(call elf,$(1)): $(call program_objects,$(1)) $(BUILD)/libipc.a libipc/program.ld $(GEN)/programs $(GEN)/flags
	$$(call say,LD,$$@)
	$$(Q)$$(LD) $$(LDFLAGS) -T libipc/program.ld \
	    --defsym=IMAGE_BASE=$$$$((0x40000000 + $(place-$(1)) * $(PLACE_BYTES))) -o $$@ $$(filter %.o %.a,$$^)

$(BUILD)/image/$(call names,$(1)): $(call elf,$(1))
	@mkdir -p $$(@D)
	$$(Q)$$(OBJCOPY) --strip-all $$< $$@
endef
$(foreach path,$(PROGRAMS),$(eval $(call program,$(path))))

LIBIPC_SOURCES := $(sort $(wildcard libipc/*.asm libipc/*.c))

$(BUILD)/libipc.a: $(call objects,$(LIBIPC_SOURCES)) $(GEN)/flags
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(filter %.o,$^)

programs: $(call elf,$(PROGRAMS))

# ---- Compiling ----

CFLAGS_HERE = $(PROGRAM_CFLAGS) $(FRAME_POINTERS)
$(BUILD)/servers/memsrv/% $(BUILD)/tests/evil/%: CFLAGS_HERE = $(PROGRAM_CFLAGS)
$(BUILD)/ukernel/%: CFLAGS_HERE = $(CORE_CFLAGS) $(if $(is_clang),,-fcallgraph-info=su)
$(BUILD)/tasks/% $(BUILD)/tests/tasks/% $(BUILD)/lessons/%: CFLAGS_HERE = $(TASK_CFLAGS)
$(BUILD)/outside/%: CFLAGS_HERE = $(filter-out -Werror,$(TASK_CFLAGS))
$(BUILD)/tests/core/% $(BUILD)/lessons/core/%: CFLAGS_HERE = $(CORE_CFLAGS)
$(BUILD)/tasks/bench/%: CFLAGS_HERE = $(PROGRAM_CFLAGS) -mgeneral-regs-only
$(BUILD)/tests/bench/%: CFLAGS_HERE = $(PROGRAM_CFLAGS) -mgeneral-regs-only -Itasks/bench -Iservers/memsrv
$(BUILD)/lessons/haunt/% $(BUILD)/lessons/halfborn/%: CFLAGS_HERE = $(PROGRAM_CFLAGS) -Iservers/memsrv -Ilessons/haunt
$(BUILD)/tests/audited/%: CFLAGS_HERE = $(PROGRAM_CFLAGS) -Itests/evil
$(BUILD)/boot/% $(BUILD)/ukernel/%: ASM_INCLUDE = -Iukernel/

define compile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(COMPILER_CFLAGS) $(CFLAGS_HERE) -MMD -MP -c -o $@ $<
endef

define assemble
	$(call say,NASM,$<)
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) $(ASM_INCLUDE) -MD $(@:.o=.d) -MP -MQ $@ -o $@ $<
endef

$(BUILD)/%.c.o: %.c $(GEN)/flags
	$(compile)

$(BUILD)/%.asm.o: %.asm $(GEN)/flags
	$(assemble)

$(BUILD)/outside/%.c.o: /%.c $(GEN)/flags
	$(compile)

$(BUILD)/outside/%.asm.o: /%.asm $(GEN)/flags
	$(assemble)

-include $(patsubst %.o,%.d,$(call objects,$(CORE_SOURCES) $(TEST_CORE_SOURCES) $(LESSON_CORE_SOURCES) $(LIBIPC_SOURCES)) \
    $(foreach path,$(PROGRAMS),$(call program_objects,$(path)))) $(GEN)/offsets.inc.d

# ---- Images ----

# CMDLINE is taken as it was typed, dollar signs included.
override CMDLINE := $(value CMDLINE)
export CMDLINE

image_files = $(patsubst %,$(BUILD)/image/%,core $(call names,$(1)))
core_image := $(BUILD)/image/$(if $(findstring selftest=,$(CMDLINE)),test-core,core)
names_image := $(core_image:core=names)
make_image = tools/image $(1) $@ $(core_image) "$$CMDLINE" \
    $(foreach name,$(call names,$(RUN_PROGRAMS)),$(name) $(BUILD)/image/$(name)) names $(names_image)
image_parts := $(core_image) $(names_image) $(call image_files,$(RUN_PROGRAMS)) $(GEN)/image tools/image

$(call keep,$(GEN)/image,$(RUN_PROGRAMS) $(CMDLINE))
$(call keep,$(GEN)/tested,$(call names,$(TREE_PROGRAMS)))

$(BUILD)/image/core: $(CORE)
$(BUILD)/image/test-core: $(TEST_CORE)
$(patsubst %,$(BUILD)/image/%-core,$(LESSON_CORES)): $(BUILD)/image/%-core: $(BUILD)/lessons/%.elf
$(BUILD)/image/core $(BUILD)/image/test-core $(patsubst %,$(BUILD)/image/%-core,$(LESSON_CORES)):
	@mkdir -p $(@D)
	$(Q)$(OBJCOPY) --strip-all $< $@
	$(Q)grub-file --is-x86-multiboot2 $@ || { rm -f $@; echo '$<: no valid Multiboot2 header' >&2; exit 1; }

# What the core's functions and those of all programs are called.
$(BUILD)/image/names: $(CORE)
$(BUILD)/image/test-names: $(TEST_CORE)
$(BUILD)/image/names $(BUILD)/image/test-names: $(call elf,$(RUN_PROGRAMS)) $(GEN)/image tools/names
	$(call say,NAMES,$@)
	@mkdir -p $(@D)
	$(Q)NM=$(NM) NASM=$(NASM) tools/names $@ $(filter $(CORE) $(TEST_CORE),$^) $(call elf,$(RUN_PROGRAMS))

$(BUILD)/handoff.iso: $(image_parts)
	$(call say,ISO,$@)
	$(Q)$(call make_image,iso)

$(BUILD)/handoff-cd.iso: $(image_parts)
	$(call say,CD,$@)
	$(Q)$(call make_image,cd)

iso: $(BUILD)/handoff.iso ## make the image for BIOS and UEFI: build/handoff.iso
cd: $(BUILD)/handoff-cd.iso ## make the small image that boots quickest, BIOS only: build/handoff-cd.iso
.PHONY: iso cd

# ---- Running ----

MEM ?= 512M
CPU ?= max
run_options = --memory '$(MEM)' --cpu '$(CPU)' $(if $(UEFI),--uefi) $(if $(WINDOW),--window) --log $(BUILD)/core.log

run: iso ## boot in QEMU: UEFI=1 MEM=512M CPU=max CMDLINE="run=NAME ARGS" TASKS=DIRECTORY WINDOW=1 QEMUFLAGS=
	@tools/run $(run_options) $(BUILD)/handoff.iso $(QEMUFLAGS) || [ $$? -eq 130 ]

dump: ## ask the core of the machine that runs for its tasks, who waits for whom, and its memory
	@tools/dump $(BUILD)/core.log $(BUILD)/debug/com2.log
.PHONY: run dump

# ---- Debuggers ----

bochs: cd ## boot in Bochs, stopped in its debugger, with our symbols
	@tools/bochs --build $(BUILD) --memory '$(MEM)' $(BUILD)/handoff-cd.iso

debug: cd ## boot in QEMU, stopped, with gdb attached and our symbols
	@tools/debug --build $(BUILD) --memory '$(MEM)' --cpu '$(CPU)' $(BUILD)/handoff-cd.iso

console: ## read and type at the console of a guest under `make debug`, in another terminal
	@tools/console --build $(BUILD)

doctor: ## tell which tools are there, what is missing, and what that prevents
	@tools/doctor
.PHONY: bochs debug console doctor

include tests/tests.mk
include lessons/lessons.mk

# ---- Looking at the source ----

C_FOLDERS := include ukernel libipc servers tasks tests lessons
C_FILES := $(sort $(shell find $(C_FOLDERS) -name '*.[ch]'))
CORE_C := $(filter ukernel/%.c,$(CORE_SOURCES)) $(wildcard ukernel/audit/*.c)
PROGRAM_C := $(filter %.c,$(LIBIPC_SOURCES) $(foreach path,$(TREE_PROGRAMS) $(LESSON_PROGRAMS),$(call program_sources,$(path))))

lines: ## count the lines of code of the core: boot/ and ukernel/, without its check of itself
	@cloc --quiet --exclude-dir=audit boot ukernel | tee /dev/stderr | awk '$$1 == "SUM:" { print $$NF " lines of code" }'

format: ## lay out the C sources by .clang-format
	$(Q)clang-format -i $(C_FILES)

format-check: ## tell which C sources `make format` would change
	$(Q)status=0; for file in $(C_FILES); do \
	    clang-format --dry-run --Werror $$file 2>/dev/null || { echo "not laid out: $$file"; status=1; }; \
	done; exit $$status

tidy: $(patsubst %.c,$(BUILD)/tidy/%.ok,$(CORE_C) $(PROGRAM_C)) ## look for mistakes with clang-tidy
.PHONY: lines format format-check tidy

$(BUILD)/tidy/%.ok: TIDY_CFLAGS = $(PROGRAM_CFLAGS)
$(BUILD)/tidy/ukernel/%.ok: TIDY_CFLAGS = $(CORE_CFLAGS)
$(BUILD)/tidy/lessons/%.ok: TIDY_CFLAGS = $(PROGRAM_CFLAGS) -Iservers/memsrv -Ilessons/haunt
$(BUILD)/tidy/%.ok: %.c .clang-tidy $(filter %.h,$(C_FILES))
	$(call say,TIDY,$<)
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(CLANG_CFLAGS) $(TIDY_CFLAGS) 2>$@.log || { cat $@.log >&2; exit 1; }
	@touch $@

# ---- The rest ----

docs: $(patsubst docs/%.md,$(BUILD)/docs/%.html,$(wildcard docs/*.md docs/lessons/*.md)) ## make web pages of docs/: build/docs/
.PHONY: docs

$(BUILD)/docs/%.html: docs/%.md
	$(call say,HTML,$@)
	@mkdir -p $(@D)
	$(Q)cmark-gfm --extension table --to html $< >$@
	$(Q)sed -i 's/\(href="[^":]*\)\.md/\1.html/g' $@

docs-check: $(tested_images) ## tell what documents name that isn't there, and show that isn't said
	@BUILD=$(BUILD) tools/check-docs --guest
.PHONY: docs-check

toolchain: ## build a cross compiler, x86_64-elf-gcc, in toolchain/ (half an hour or more)
	@tools/toolchain
.PHONY: toolchain

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' Makefile tests/tests.mk lessons/lessons.mk

clean: ## remove what was built
	rm -rf $(BUILD)
.PHONY: help clean
