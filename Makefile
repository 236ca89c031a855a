# SPDX-License-Identifier: GPL-2.0
#
# Run `make help`.

KVER ?= $(shell uname -r)
KDIR ?= $(firstword $(wildcard /lib/modules/$(KVER)/build /usr/src/linux-headers-$(KVER)))
PREFIX ?= /usr/local
DESTDIR ?=
export PREFIX
JOBS ?= $(shell nproc)
# y: also build the modules that only tests and benchmarks load, and take no
# warning from the compiler
TESTS ?= y
# n: not even those that customtimer-bench loads
BENCH ?= y

BUILD := $(CURDIR)/build
STAGE := $(BUILD)/modules/$(KVER)

# Sources of kernel code, copied for each kernel so that builds for several
# kernels do not meet and the tree stays clean.
KSRC := $(shell find Kbuild include module tests/bench tests/guest \
	  -name Kbuild -o -name '*.c' -o -name '*.h')

.DELETE_ON_ERROR:
.PHONY: all modules user demo chosen check check-debug check-hvm check-newer check-options check-kernels bench bench-xen test setup bed style install install-module \
	install-bench install-user uninstall clean help

all install install-module install-bench: TESTS = n

all: modules user ## build the kernel modules for KVER (default: the running kernel), and the tools

modules: $(addprefix $(STAGE)/,$(KSRC))
	@test -n "$(KDIR)" || { echo "no headers for kernel $(KVER): install linux-headers-$(KVER), or name another kernel: make KVER=..." >&2; exit 1; }
	@# kbuild does not notice another tree of the same release
	@test "$$(cat $(STAGE)/.kdir 2>/dev/null)" = "$(KDIR)" || \
		{ find $(STAGE) -name '.*.cmd' -delete; echo "$(KDIR)" >$(STAGE)/.kdir; }
	$(MAKE) -C $(KDIR) M=$(STAGE) CUSTOMTIMER_TESTS=$(TESTS) CUSTOMTIMER_BENCH=$(BENCH) modules

$(STAGE)/%: %
	@mkdir -p $(@D)
	@cp -p $< $@

user: ## build the library and the tools
	$(MAKE) -C userspace all

setup: ## install the Debian packages that demo and check need
	tests/vm/setup

bed: bed-kernel-6.1
	$(MAKE) user

demo: bed ## show the timer at work in a PV and a PVH guest on a patched Xen
	hypervisor-patch/build 4.17 >/dev/null
	tests/demo

# Modules for one of the kernels of the test bed
bed-kernel-%: setup
	tree=$$(tests/kernel/build $*) && \
		$(MAKE) modules KVER=$$(cat $$tree/kernel.release) KDIR=$$tree

# A wrong name is better heard of before anything is built.
chosen: setup
	@tests/run --list $(SUITE) $(T) >/dev/null

# What the chosen tests need besides, kernels and hypervisors, tests/run prepares.
RUN = tests/run $(if $(filter-out 0,$(STRICT)),--strict)

check: chosen bed style ## run all tests; T='NAME @TAG' chooses, STRICT=1: none may be skipped
	$(RUN) $(T)

check-debug: SUITE = --suite tests/suite-debug
check-debug: chosen bed ## run the tests of the module on a kernel with KASAN, lockdep and more
	$(RUN) $(SUITE) $(T)

check-kernels: setup ## compile for every kernel that Debian offers, with gcc and clang; T="NAME..." chooses
	tests/kernels $(T)

check-newer: SUITE = --suite tests/suite-newer
check-newer: chosen bed ## run the tests of the module on newer kernels and PREEMPT_RT, and with DKMS
	$(RUN) $(SUITE) $(T)

check-options: SUITE = --suite tests/suite-options
check-options: chosen bed ## run the API's tests in guests with unusual options for their kernels
	$(RUN) $(SUITE) $(T)

check-hvm: SUITE = --suite tests/suite-hvm
check-hvm: chosen bed ## run the tests of the module in HVM guests
	$(RUN) $(SUITE) $(T)

bench: bed $(addprefix bed-kernel-,$(filter-out 6.1,$(KERNEL))) ## measure the module in virtual time, into build/bench/; QUICK=1: fewer rows; XEN=4.20 KERNEL=6.12
	hypervisor-patch/build $(or $(XEN),4.17) >/dev/null
	tests/bench/run $(B)

bench-xen: bed ## measure the hypervisor's side, into build/bench/xen.json and .md; B="PART..." chooses
	hypervisor-patch/build $(or $(XEN),4.17)-stock >/dev/null
	hypervisor-patch/build $(or $(XEN),4.17) >/dev/null
	@mkdir -p $(BUILD)/bench
	tests/bench/xen $(B) >$(BUILD)/bench/xen.rows
	tests/bench/collect xen <$(BUILD)/bench/xen.rows

style: setup ## sparse and kernel-doc over the modules, shellcheck over the scripts
	tests/style

install: install-module install-user ## install everything

MODULES := customtimer.ko module/sample/customtimer_pacer.ko
BENCH_MODULES := tests/bench/customtimer_disturb.ko tests/bench/customtimer_latency.ko

install-bench: modules ## install the modules that customtimer-bench loads, for KVER: DKMS has none of them
	install -d $(DESTDIR)/lib/modules/$(KVER)/extra
	install -m 644 $(addprefix $(STAGE)/,$(BENCH_MODULES)) \
		$(DESTDIR)/lib/modules/$(KVER)/extra/
	$(if $(DESTDIR),,depmod $(KVER))

install-module: modules install-bench ## install all modules for KVER
	install -d $(DESTDIR)/lib/modules/$(KVER)/extra
	install -m 644 $(addprefix $(STAGE)/,$(MODULES)) \
		$(DESTDIR)/lib/modules/$(KVER)/extra/
	install -d $(DESTDIR)$(PREFIX)/include/xen
	install -m 644 include/customtimer.h $(DESTDIR)$(PREFIX)/include/
	install -m 644 include/xen/customtimer.h $(DESTDIR)$(PREFIX)/include/xen/
	install -d $(DESTDIR)$(PREFIX)/share/customtimer/$(KVER)
	install -m 644 $(STAGE)/Module.symvers $(DESTDIR)$(PREFIX)/share/customtimer/$(KVER)/
	$(if $(DESTDIR),,depmod $(KVER))

install-user: ## install the library, the tools and the manual pages
	$(MAKE) -C userspace install-user DESTDIR='$(abspath $(DESTDIR))'

uninstall: ## remove what install has put there
	rm -f $(addprefix $(DESTDIR)/lib/modules/$(KVER)/extra/,$(notdir $(MODULES) $(BENCH_MODULES))) \
		$(DESTDIR)$(PREFIX)/include/customtimer.h \
		$(DESTDIR)$(PREFIX)/include/xen/customtimer.h \
		$(DESTDIR)$(PREFIX)/share/customtimer/$(KVER)/Module.symvers
	$(if $(DESTDIR),,depmod $(KVER))
	$(MAKE) -C userspace uninstall DESTDIR='$(abspath $(DESTDIR))'

clean: ## remove what was built here; downloads stay in the user's cache
	rm -rf $(BUILD)

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s%s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)
	@echo "  make check T='pv-*'   runs some tests; tests/run --list explains them"
