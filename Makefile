# SPDX-License-Identifier: GPL-2.0
#
# Run `make help`.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
BUILD := $(CURDIR)/build
TESTS ?= y
STAGE := $(BUILD)/modules/$(KVER)

# Sources of kernel code, copied for each kernel so that builds for several
# kernels do not meet and the tree stays clean.
KSRC := $(shell find Kbuild include module tests/bench tests/guest \
	  -name Kbuild -o -name '*.c' -o -name '*.h')

.DELETE_ON_ERROR:
.PHONY: all modules clean help

all: modules

modules: $(addprefix $(STAGE)/,$(KSRC))
	$(MAKE) -C $(KDIR) M=$(STAGE) CUSTOMTIMER_TESTS=$(TESTS) KCFLAGS=$(WERROR) modules

$(STAGE)/%: %
	@mkdir -p $(@D)
	@cp -p $< $@

clean:
	rm -rf $(BUILD)
