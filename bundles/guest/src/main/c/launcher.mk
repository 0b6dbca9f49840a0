# For launchers that bring the engine into the guest's processes. Such a launcher has a program that starts and enters (its own sources and launch/), and lichen-stage: freestanding, at
# an address of its own, from the engine, the images, root emulation and the union (fs-uufs), all compiled here. It sets PROGRAM, OWN (sources of its program), STAGE_OWN (of its stage)
# and TESTS, and includes this.
GUEST  := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
UNION  := $(GUEST)/../../../../../fs-uufs/src/main/c/union
BASE   := base.c records.c report.c process.c removal.c copy.c
SHARED := given.c upper.c plan.c users.c console.c wait.c rlimits.c filecontent.c volume.c ownerlist.c walk.c
LAUNCH := layerindex_make.c layerjson.c start.c enter.c change.c owned.c guest.c command.c tree.c block.c probe.c directory.c
EMULATED := book.c table.c record.c node.c owners.c rights.c credentials.c credentials_text.c ids_rules.c calls.c layerindex.c lowers.c
UNIONS := cache.c names.c layers.c whiteout.c walk.c fd.c work.c content.c copyup.c change.c create.c open.c remove.c rename.c attributes.c identity.c list.c
PROGRAMS := $(PROGRAM)
SOURCES_$(PROGRAM) := $(OWN) $(LAUNCH) $(BASE) $(SHARED) $(EMULATED) $(addprefix union/,$(UNIONS))
ANALYZED := $(wildcard *.c)
INCLUDED := -I$(GUEST) -I$(GUEST)/launch -I$(GUEST)/engine -I$(GUEST)/images -I$(GUEST)/root -I$(UNION)
include $(GUEST)/../../../../posix/c.mk
vpath %.c $(GUEST) $(GUEST)/launch $(GUEST)/images $(GUEST)/root $(UNION)/..

ENGINE := dispatch.c table.c signals.c files.c names.c attributes.c ids.c sockets.c exec.c loader.c proc.c maps.c nest.c start.c open.c emulation.c mappings.c texts.c unseen.c directories.c live.c
IMAGES := decode.c executable.c unwind.c scan.c rewrite.c cache.c
ROOT   := node.c record.c table.c owners.c rights.c credentials.c credentials_text.c layerindex.c calls.c book.c status.c lowers.c ids_rules.c
FREE   := -ffreestanding -fno-builtin -fno-stack-protector -fcf-protection=none -fno-tree-loop-distribute-patterns -mgeneral-regs-only -mno-red-zone -fPIE \
          -fvisibility=hidden
OBJECTS := $(addprefix $(BUILD)/stage/,memory.o entry.o $(STAGE_OWN:.c=.o)) $(addprefix $(BUILD)/stage/engine/,$(ENGINE:.c=.o)) \
           $(addprefix $(BUILD)/stage/images/,$(IMAGES:.c=.o)) $(addprefix $(BUILD)/stage/root/,$(ROOT:.c=.o)) $(addprefix $(BUILD)/stage/union/,$(UNIONS:.c=.o))

define compile
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) $(FREE) $(CFLAGS) -c -o $@ $<
endef
$(BUILD)/stage/%.o: %.c
	$(compile)
$(BUILD)/stage/%.o: $(GUEST)/engine/%.S $(GUEST)/engine/layout.h $(GUEST)/engine/kept.h
	$(compile)
$(BUILD)/stage/engine/%.o: $(GUEST)/engine/%.c
	$(compile)
$(BUILD)/stage/images/%.o: $(GUEST)/images/%.c
	$(compile)
$(BUILD)/stage/root/%.o: $(GUEST)/root/%.c
	$(compile)
$(BUILD)/stage/root/ids_rules.o: $(POSIX)/ids_rules.c
	$(compile)
$(BUILD)/stage/union/%.o: $(UNION)/%.c
	$(compile)

$(BUILD)/lichen-stage: $(OBJECTS) $(GUEST)/stage.ld
	@echo '  LD lichen-stage'
	@$(CC) -nostdlib -static -no-pie -s -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,norelro -Wl,-z,noexecstack -Wl,-T,$(GUEST)/stage.ld -o $@ $(OBJECTS)
all: $(BUILD)/lichen-stage
-include $(wildcard $(BUILD)/o/union/*.d $(BUILD)/stage/*.d $(BUILD)/stage/*/*.d)
# What is freestanding has no C library in its headers either.
analyze: FLAGS += -ffreestanding
