# Shared by the Makefiles of the C modules: static, reproducible programs into $(BUILD), hosted tests with sanitizers.
# A module sets PROGRAMS, LIBRARIES (shared, without libc), TESTS and TOOLS (for trying by hand: `make tools`), and for each name SOURCES_<name>; if it needs them, more
# INCLUDED directories, what is ANALYZED, and flags that only its tests are compiled with (HOSTED).
HERE     := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
BUILD    ?= target/native
CC       ?= gcc
POSIX    := $(HERE)/src/main/c
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wvla -Werror
CFLAGS   ?= -O2
FLAGS    := -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -I$(POSIX) -I$(POSIX)/launcher -I$(HERE)/src/test/c -I. $(INCLUDED) -fno-plt -ffunction-sections -fdata-sections \
            -ffile-prefix-map=$(abspath $(HERE)/../..)=. -fno-asynchronous-unwind-tables -MMD -MP
LINK     := -static -s -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,norelro -Wl,-z,noseparate-code
CHECK    := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all $(HOSTED)
ANALYZED ?= $(wildcard *.c)

vpath %.c . $(POSIX) $(POSIX)/launcher ../../test/c $(HERE)/src/test/c

.PHONY: all tools test analyze clean
all: $(addprefix $(BUILD)/,$(PROGRAMS) $(LIBRARIES))

tools: $(addprefix $(BUILD)/,$(TOOLS))

define program
$(BUILD)/$(1): $(addprefix $(BUILD)/o/,$(SOURCES_$(1):.c=.o))
	@echo '  LD $(1)'
	@$(CC) $(LINK) -o $$@ $$^
endef
define library
$(BUILD)/$(1): $(addprefix $(BUILD)/o/,$(SOURCES_$(1):.c=.o))
	@echo '  LD $(1)'
	@$(CC) -shared -nostdlib -s -Wl,--build-id=none -o $$@ $$^
endef
define check
$(BUILD)/test/$(1): $(addprefix $(BUILD)/test/o/,$(SOURCES_$(1):.c=.o))
	@echo '  LD test $(1)'
	@$(CC) $(CHECK) -o $$@ $$^
endef
$(foreach p,$(PROGRAMS) $(TOOLS),$(eval $(call program,$(p))))
$(foreach l,$(LIBRARIES),$(eval $(call library,$(l))))
$(foreach t,$(TESTS),$(eval $(call check,$(t))))

$(BUILD)/o/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) $(CFLAGS) -c -o $@ $<
$(BUILD)/test/o/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) $(CHECK) -c -o $@ $<

# What a program holds at its end it leaves to the kernel, so leaks are not looked for.
test: $(addprefix $(BUILD)/test/,$(TESTS))
	@set -e; export ASAN_OPTIONS=detect_leaks=0; for t in $^; do $$t; done

# The analyzer's leak reports need whole functions, so it runs apart from the build, without output.
analyze:
	@set -e; for f in $(sort $(ANALYZED)); do $(CC) $(FLAGS) -MF /dev/null -O2 -fanalyzer -c -o /dev/null $$f; done

clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/o/*.d $(BUILD)/o/*/*.d $(BUILD)/test/o/*.d $(BUILD)/test/o/*/*.d)
