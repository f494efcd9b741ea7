# One make, one dependency graph. Objects never mix: each VARIANT has its own
# build/$(VARIANT). Try: make help
VARIANT ?= release
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
AR      ?= ar
PKG_CONFIG ?= pkg-config
prefix     ?= /usr/local
bindir     ?= $(prefix)/bin
datadir    ?= $(prefix)/share/qianping
sysconfdir ?= /etc
unitdir    ?= /usr/lib/systemd/system
DESTDIR    ?=
CFLAGS     ?=
LDFLAGS    ?=
WERROR     ?=
Q := $(if $(filter-out 0,$(V)),,@)
comma := ,

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

O := build/$(VARIANT)$(if $(findstring clang,$(CC)),-clang)

# --- flags -----------------------------------------------------------------
SANITIZE := -O1 -g -fno-omit-frame-pointer
variant.debug   := -O0 -g3
variant.release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
variant.asan    := $(SANITIZE) -fsanitize=address,undefined -fno-sanitize-recover=all
variant.tsan    := $(SANITIZE) -fsanitize=thread
variant.fuzz    := $(SANITIZE) -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
ldvariant.release := -pie -Wl,-z,relro,-z,now
ifndef variant.$(VARIANT)
$(error unknown VARIANT '$(VARIANT)': debug, release, asan, tsan or fuzz)
endif

WARN := -Wall -Wextra -Wshadow -Wconversion -Wundef -Wvla -Wformat=2 -Wcast-qual \
	-Wstrict-prototypes -Wmissing-prototypes -Wimplicit-fallthrough -Wwrite-strings \
	$(if $(WERROR),-Werror)
# -ffp-contract=off: the same rounding on every machine, with or without FMA.
BASE_CFLAGS := -std=c17 -D_GNU_SOURCE -I. $(WARN) $(variant.$(VARIANT)) -fvisibility=hidden \
	-ffp-contract=off -pthread
BASE_LDFLAGS := $(variant.$(VARIANT)) $(ldvariant.$(VARIANT)) -Wl,--as-needed -pthread

# Kernels for one instruction set: the file name says which. Short fixed loops must be unrolled,
# or their registers go through memory: hence -O3.
ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
isa.avx2   := -O3 -funroll-loops -mavx2 -mbmi2
isa.avx512 := -O3 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vbmi
isas.x86_64  := avx2 avx512
foreign := $(filter-out $(isas.$(ARCH)),avx2 avx512)
isa_flags = $(foreach i,$(isas.$(ARCH)),$(if $(filter %_$i.c,$1),$(isa.$i)))

# --- the layers, ground floor first -----------------------------------------
#     dir: folder   uses: the layers it may include   pkgs: what pkg-config gives
LIBS := base pixel wire wall runtime scheduler sender virtual media compose render proof
dir.base     := protocols/base
uses.base    :=
pkgs.base    := libcjson
dir.pixel    := protocols/pixel
uses.pixel   := base
pkgs.pixel   := libpng
dir.wire     := protocols/wire
uses.wire    := base
dir.wall     := protocols/wall
uses.wall    := base
dir.runtime  := protocols/runtime
uses.runtime := base
pkgs.runtime := libuv libwebsockets libsystemd
dir.scheduler  := scheduler
uses.scheduler := base
dir.sender   := sender-card
uses.sender  := runtime wall wire base
dir.virtual  := sender-card/virtual
uses.virtual := sender runtime wall wire pixel base
dir.media    := controller/player/media
uses.media   := base
pkgs.media   := libavformat libavcodec libavfilter libswscale libswresample libavutil alsa
dir.compose  := controller/player/compose
uses.compose := media pixel base
pkgs.compose := freetype2 harfbuzz fribidi fontconfig
dir.render   := controller/player/render
uses.render  := sender wall pixel runtime wire base
dir.proof    := controller/player/proof
uses.proof   := scheduler base

# Programs: the folder of main.c, and the layers it may use (its own folder is compiled in).
PROGS := qp-player qp-wall qp
dir.qp-player  := controller/player
uses.qp-player := proof compose media render sender scheduler runtime wall wire pixel base
pkgs.qp-player := libcrypto
dir.qp-wall    := sender-card/virtual/main
uses.qp-wall   := virtual sender runtime wall wire pixel base
dir.qp         := controller/cli
uses.qp        := sender scheduler runtime wall wire base
pkgs.qp        := cairo cairo-svg cairo-png fontconfig

src  = $(filter-out $(foreach i,$(foreign),%_$i.c),$(wildcard $(dir.$1)/*.c))
obj  = $(patsubst %.c,$O/%.o,$(call src,$1))
below = $1 $(uses.$1)
archives = $(foreach l,$(filter $(LIBS),$1),$O/lib$l.a)
# A library's closure in link order: LIBS reversed, filtered.
reverse = $(if $1,$(call reverse,$(wordlist 2,$(words $1),$1)) $(firstword $1))
closure = $(filter $1 $(sort $1 $(foreach l,$1,$(uses.$l))),$(call reverse,$(LIBS)))
pkgs_of = $(sort $(foreach l,$1,$(pkgs.$l)))
# The third-party headers are not ours to warn about.
pkg_cflags = $(if $(strip $1),$(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $1 2>/dev/null)))
pkg_libs   = $(if $(strip $1),$(shell $(PKG_CONFIG) --libs $1 2>/dev/null))
ALL_PKGS := $(call pkgs_of,$(LIBS) $(PROGS))
PKG_CFLAGS := $(call pkg_cflags,$(ALL_PKGS))

UNIT  := $(wildcard tests/unit/*/*_test.c)
FUZZ  := $(wildcard tests/fuzz/*/*_fuzz.c)
BENCH := $(wildcard tests/bench/*_bench.c)
KERNELS := $(wildcard tests/kernels/*.c)
LIB_SRCS  := $(foreach l,$(LIBS),$(call src,$l))
PROG_SRCS := $(foreach p,$(PROGS),$(call src,$p))
SRCS  := $(LIB_SRCS) $(PROG_SRCS) $(UNIT) $(FUZZ) $(BENCH) $(KERNELS) $(wildcard tests/support/*.c)

all: $(PROGS:%=$O/%)

# --- compile -----------------------------------------------------------------
# Rebuild when the flags or the compiler change, not only when the files do.
$O/.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(BASE_CFLAGS) $(PKG_CFLAGS) $(foreach i,$(isas.$(ARCH)),$(isa.$i)) $(CFLAGS) | $(BASE_LDFLAGS) $(LDFLAGS)' | \
	 cmp -s - $@ || \
	 echo '$(CC) $(BASE_CFLAGS) $(PKG_CFLAGS) $(foreach i,$(isas.$(ARCH)),$(isa.$i)) $(CFLAGS) | $(BASE_LDFLAGS) $(LDFLAGS)' > $@

compile = $(CC) $(BASE_CFLAGS) $(PKG_CFLAGS) $(call isa_flags,$1) $(CFLAGS)

$O/%.o: %.c $O/.flags
	@mkdir -p $(@D)
	@$(if $Q,echo '  CC    $<')
	$Q$(call compile,$<) -MMD -MP -c -o $@ $<

# Two archives may come from nested folders (virtual/ below sender-card/): only a folder's own files.
define layer
$O/lib$1.a: $(call obj,$1)
	@$$(if $$Q,echo '  AR    $$@')
	$$Qrm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(foreach l,$(LIBS),$(eval $(call layer,$l)))

define prog
$O/$1: $(call obj,$1) $(call archives,$(call closure,$(uses.$1)))
	@$$(if $$Q,echo '  LINK  $$@')
	$$Q$$(CC) $$(BASE_LDFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(call pkg_libs,$(call pkgs_of,$1 $(call closure,$(uses.$1)))) -lm
endef
$(foreach p,$(PROGS),$(eval $(call prog,$p)))

# A test that makes allocations fail leads those of the library to itself: ldextra.FILE.
ldextra.tests/unit/base/oom_test.c := $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc reallocarray strdup)
ldextra.tests/unit/scheduler/load_oom_test.c := $(ldextra.tests/unit/base/oom_test.c),--wrap=open_memstream

# A test links its own layer and what lies below it, nothing else: code that reaches upwards does
# not link. The folder below tests/unit, tests/fuzz names the layer.
layer_of = $(notdir $(patsubst %/,%,$(dir $1)))
define unit
$O/$(1:.c=): $O/$(1:.c=.o) $O/tests/support/t.o $(call archives,$(call closure,$(call layer_of,$1)))
	@$$(if $$Q,echo '  LINK  $$@')
	$$Q$$(CC) $$(BASE_LDFLAGS) $$(LDFLAGS) $(ldextra.$(1)) -o $$@ $$^ $$(call pkg_libs,$(call pkgs_of,$(call closure,$(call layer_of,$1)))) -lm
endef
$(foreach t,$(UNIT),$(eval $(call unit,$t)))

# A fuzz target is a libFuzzer program with VARIANT=fuzz CC=clang, otherwise it replays files.
define fuzz
$O/$(1:.c=): $O/$(1:.c=.o) $(if $(filter fuzz,$(VARIANT)),,$O/tests/support/replay.o) $(call archives,$(call closure,$(call layer_of,$1)))
	@$$(if $$Q,echo '  LINK  $$@')
	$$Q$$(CC) $$(BASE_LDFLAGS) $(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer) $$(LDFLAGS) -o $$@ $$^ $$(call pkg_libs,$(call pkgs_of,$(call closure,$(call layer_of,$1)))) -lm
endef
$(foreach t,$(FUZZ),$(eval $(call fuzz,$t)))

define bench_prog
$O/$(1:.c=): $O/$(1:.c=.o) $(call archives,$(call closure,render scheduler))
	@$$(if $$Q,echo '  LINK  $$@')
	$$Q$$(CC) $$(BASE_LDFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(call pkg_libs,$(call pkgs_of,$(call closure,render scheduler))) -lm
endef
$(foreach t,$(BENCH),$(eval $(call bench_prog,$t)))

$O/tests/kernels/checkpix: $O/tests/kernels/checkpix.o $(call archives,$(call closure,pixel))
	@$(if $Q,echo '  LINK  $@')
	$Q$(CC) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(call pkgs_of,$(call closure,pixel))) -lm

# Loaded into a program under test, to count its allocations or set its clock; never sanitized.
$O/tests/support/%.so: tests/support/%.c
	@mkdir -p $(@D)
	@$(if $Q,echo '  LINK  $@')
	$Q$(CC) -std=c17 -D_GNU_SOURCE -I. $(WARN) -O2 -fPIC -shared -fvisibility=hidden -o $@ $<

-include $(patsubst %.c,$O/%.d,$(SRCS))

# --- packages ------------------------------------------------------------------
# Only what is missing is installed; apt-get is not called when nothing is.
deps:
	@tools/install-packages packages.txt

# --- run -----------------------------------------------------------------------
# Somebody who types make run should not wait for one processor only.
jobs = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
run:
	@$(MAKE) deps
	@$(MAKE) $(jobs) all VARIANT=release
	@tools/demo build/release

# --- test ----------------------------------------------------------------------
programs-for-tests: all $(UNIT:%.c=$O/%) $(FUZZ:%.c=$O/%) $O/tests/kernels/checkpix $(BENCH:%.c=$O/%) \
	$O/tests/support/malloc_count.so $O/tests/support/clock_step.so
test:
	@$(MAKE) deps
	@tests/run short
test-long:
	@$(MAKE) deps
	@tests/run long
bench:
	@$(MAKE) deps
	@$(MAKE) $(jobs) programs-for-tests VARIANT=release
	@tests/bench/run build/release
# Every fuzz target for FUZZ_SECONDS; new inputs are kept below build/corpus.
FUZZ_SECONDS ?= 60
fuzz:
	@$(MAKE) deps
	@$(MAKE) $(jobs) $(FUZZ:%.c=build/fuzz-clang/%) VARIANT=fuzz CC=clang
	@tests/fuzz/run build/fuzz-clang $(FUZZ_SECONDS)

# --- lint ----------------------------------------------------------------------
C_FILES = $(shell git ls-files --cached --others --exclude-standard '*.[ch]')
lint: lint-layers format-check headers-alone
	@tools/lint-text
# No layer may include a header of a layer above it or beside it.
space := $(subst ,, )
lint-layers: $(foreach l,$(LIBS) $(PROGS),$(call obj,$l))
	$(foreach l,$(LIBS) $(PROGS),$(call check_layer,$l))
	@echo '  LAYERS ok'
define check_layer
	@bad=$$(cat /dev/null $(patsubst %.o,%.d,$(call obj,$1)) | tr ' :' '\n\n' | grep -E '^[a-z].*/[^/]*\.h$$' | \
	   grep -vxE '($(subst $(space),|,$(strip $(foreach l,$(call below,$1),$(dir.$l)))))/[^/]*\.h' | sort -u); \
	 test -z "$$bad" || { echo "$(dir.$1) may not include: $$bad"; exit 1; }

endef
format:
	clang-format -i $(C_FILES)
format-check:
	@clang-format --dry-run -Werror $(C_FILES) && echo '  FORMAT ok'
# Every header compiles on its own.
headers-alone:
	@for h in $(filter %.h,$(C_FILES)); do \
	   $(CC) $(BASE_CFLAGS) $(PKG_CFLAGS) -Werror -fsyntax-only -x c -include $$h /dev/null || \
	   { echo "$$h does not compile alone"; exit 1; }; done; echo '  HEADERS ok'
tidy: compile_commands.json
	clang-tidy -quiet -p . $(LIB_SRCS) $(PROG_SRCS)

compile_commands.json: Makefile $(SRCS)
	$(file >$@,[)$(foreach s,$(SRCS),$(file >>$@,$(if $(filter $s,$(firstword $(SRCS))),,$(comma)){"directory": "$(CURDIR)"$(comma) "file": "$s"$(comma) "command": "$(strip $(call compile,$s)) -c $s"}))$(file >>$@,])
	@echo '  GEN   $@'

# --- install ---------------------------------------------------------------------
UNITS := $(patsubst configs/systemd/%.in,%,$(wildcard configs/systemd/*.service.in))
$O/%.service: configs/systemd/%.service.in
	@mkdir -p $(@D)
	$Qsed 's|@bindir@|$(bindir)|g; s|@sysconfdir@|$(sysconfdir)|g' $< > $@

install: $(PROGS:%=$O/%) $(UNITS:%=$O/%)
	install -d "$(DESTDIR)$(bindir)" "$(DESTDIR)$(unitdir)" "$(DESTDIR)$(datadir)"
	install -m 755 $(PROGS:%=$O/%) "$(DESTDIR)$(bindir)"
	install -m 644 $(UNITS:%=$O/%) "$(DESTDIR)$(unitdir)"
	cp -R configs/walls configs/layouts "$(DESTDIR)$(datadir)"
uninstall:
	rm -f $(foreach p,$(PROGS),"$(DESTDIR)$(bindir)/$p") $(foreach u,$(UNITS),"$(DESTDIR)$(unitdir)/$u")
	rm -rf "$(DESTDIR)$(datadir)"

clean:
	rm -rf build compile_commands.json

help:
	@echo 'make              build the programs into build/release'
	@echo 'make run          install what is missing, build, play a clip on a demonstration wall'
	@echo 'make test         install what is missing, build, run every test (minutes)'
	@echo 'make test-long    the same, a soak of 30 minutes, and FUZZ_SECONDS=120 for every fuzz target'
	@echo 'make bench        measure; writes build/bench.md and build/bench.json'
	@echo 'make deps         install the Debian packages of packages.txt that are missing'
	@echo 'make lint         layers, format, headers, spelling of SPDX lines'
	@echo 'make tidy         clang-tidy over the product code'
	@echo 'make format       clang-format in place'
	@echo 'make fuzz         every fuzz target for FUZZ_SECONDS=60'
	@echo 'make compile_commands.json   for editors'
	@echo 'make install DESTDIR= prefix=/usr/local     programs, units, example files'
	@echo 'make uninstall, make clean'
	@echo 'VARIANT=release|debug|asan|tsan   CC=clang   WERROR=1   V=1 (show commands)'

FORCE:
.PHONY: all deps run test test-long bench fuzz lint lint-layers format format-check headers-alone \
	tidy install uninstall clean help programs-for-tests FORCE
