package org.lichen.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lichen.testkit.Needs;

/** Edits of files that a compiler made: readelf says the same, and programs run. */
class ElfEditTest {
  private static final String EXTRA = "libextra.so.1";

  @TempDir Path directory;
  private Workshop workshop;

  @BeforeEach
  void workshop() {
    workshop = new Workshop(directory);
  }

  private static ElfEdit adding() {
    return ElfEdit.builder().addNeeded(EXTRA).addRpath("$ORIGIN").build();
  }

  private static ElfEdit removing() {
    return ElfEdit.builder().removeNeeded(EXTRA).removeRpath("$ORIGIN").build();
  }

  private Path out(String name) {
    return directory.resolve(name);
  }

  private static Path withoutSections(Path file) throws Exception {
    try (FileChannel to =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      to.write(ByteBuffer.allocate(8), 40); // e_shoff
      to.write(ByteBuffer.allocate(6), 58); // e_shentsize, e_shnum, e_shstrndx
    }
    return file;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-pie",
        "-no-pie",
        "-pie -s",
        "-no-pie -s",
        "-pie -Wl,-z,now,-z,relro",
        "-pie -Wl,-z,norelro",
        "-pie -Wl,--hash-style=sysv",
        "-no-pie -Wl,--hash-style=both",
        "-pie -Wl,-z,noseparate-code",
        "-pie -Wl,-z,max-page-size=65536",
        "-pie -Wl,-z,common-page-size=4096,-z,max-page-size=2097152",
        "-pie -Wl,--spare-dynamic-tags=1",
        "-pie -Wl,--build-id=none,-z,noseparate-code",
        "-pie -Wl,--disable-new-dtags,-rpath,/nowhere",
        "-pie -g",
      })
  void anyProgram_runsAfterEachEditAndItsUndoing(String options) throws Exception {
    workshop.library(EXTRA);
    Path program = workshop.program("program", options.split(" ", -1));
    Path edited = out("edited");
    assertThat(adding().apply(program, edited)).isTrue();
    assertThat(workshop.run(edited)).isEqualTo("loaded\n" + Workshop.SAYS);
    assertThat(workshop.run(List.of("ldd", edited.toString())))
        .contains(EXTRA + " => " + directory.toRealPath());
    assertThat(Workshop.readelf(edited))
        .isEqualTo(Workshop.said(ElfInfo.read(edited)))
        .contains(EXTRA);
    assertThat(Workshop.complaints(edited)).isEmpty();

    byte[] once = Files.readAllBytes(edited);
    assertThat(adding().apply(edited, edited)).isFalse();
    assertThat(adding().apply(edited, out("again"))).isFalse();
    assertThat(edited).hasBinaryContent(once);
    assertThat(out("again")).hasBinaryContent(once);

    assertThat(removing().apply(edited, edited)).isTrue();
    assertThat(workshop.run(edited)).isEqualTo(Workshop.SAYS);
    assertThat(ElfInfo.read(edited)).isEqualTo(ElfInfo.read(program));
    assertThat(Workshop.complaints(edited)).isEmpty();
    assertThat(adding().apply(edited, edited)).isTrue();
    assertThat(edited).hasSize(once.length); // nothing grows that was there already
    assertThat(workshop.run(edited)).isEqualTo("loaded\n" + Workshop.SAYS);
  }

  @Test
  void withoutSectionHeaders_runs() throws Exception {
    workshop.library(EXTRA);
    Path program = withoutSections(workshop.program("program", "-s"));
    assertThat(adding().apply(program, program)).isTrue();
    assertThat(workshop.run(program)).isEqualTo("loaded\n" + Workshop.SAYS);
  }

  @Test
  void manyEdits_stayInOneSegment() throws Exception {
    Path program = workshop.program("program");
    for (int i = 0; i < 40; i++) {
      workshop.library("libmore" + i + ".so", "-Wl,-s");
      ElfEdit.builder()
          .addNeeded("libmore" + i + ".so")
          .rpath("$ORIGIN:/nowhere/" + "x".repeat(i * 10))
          .build()
          .apply(program, program);
    }
    assertThat(workshop.run(program)).isEqualTo("loaded\n".repeat(40) + Workshop.SAYS);
    assertThat(
            Needs.output("readelf", "-Wl", program.toString())
                .lines()
                .filter(l -> l.contains(" LOAD ")))
        .hasSize(5);
    assertThat(Workshop.complaints(program)).isEmpty();
  }

  @Test
  void library_keepsItsSymbolsAndTakesAnotherName() throws Exception {
    Path library = workshop.library("libone.so");
    Path program =
        workshop.program("program", "-Wl,--no-as-needed", library.toString(), "-Wl,-rpath,$ORIGIN");
    ElfEdit.builder()
        .soname("libtwo-with-a-longer-name.so.2")
        .build()
        .apply(library, out("libtwo-with-a-longer-name.so.2"));
    Files.delete(library);
    assertThat(workshop.run(program)).contains("cannot open shared object file");
    ElfEdit.builder()
        .replaceNeeded("libone.so", "libtwo-with-a-longer-name.so.2")
        .build()
        .apply(program, program);
    assertThat(workshop.run(program)).isEqualTo("loaded\n" + Workshop.SAYS);
    assertThat(ElfInfo.read(out("libtwo-with-a-longer-name.so.2")).soname())
        .contains("libtwo-with-a-longer-name.so.2");
    assertThat(Workshop.complaints(out("libtwo-with-a-longer-name.so.2"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-Wl,--hash-style=gnu", "-Wl,--hash-style=sysv"})
  void removedLibrary_takesItsVersionsAlong(String hash) throws Exception {
    Path program = workshop.program("program", hash);
    ElfEdit.builder().removeNeeded("libm.so.6").build().apply(program, program);
    assertThat(ElfInfo.read(program).needed()).containsExactly("libc.so.6");
    assertThat(workshop.run(program, "LD_PRELOAD=libm.so.6")).isEqualTo(Workshop.SAYS);
    assertThat(Workshop.complaints(program)).isEmpty();
    ElfEdit.builder().removeNeeded("libc.so.6").build().apply(program, program);
    assertThat(Needs.output("readelf", "-Wd", program.toString())).doesNotContain("VERNEED");
    assertThat(workshop.run(program, "LD_PRELOAD=libm.so.6 libc.so.6")).isEqualTo(Workshop.SAYS);
    ElfEdit.builder().addNeeded("libm.so.6").addNeeded("libc.so.6").build().apply(program, program);
    assertThat(workshop.run(program)).isEqualTo(Workshop.SAYS);
  }

  @Test
  void replacedLibrary_isAskedForTheVersions() throws Exception {
    Path program = workshop.program("program", "-Wl,-rpath,$ORIGIN");
    Files.copy(
        Path.of(workshop.run(List.of("gcc", "-print-file-name=libm.so.6")).strip()),
        out("libmine.so"));
    ElfEdit.builder().soname("libmine.so").build().apply(out("libmine.so"), out("libmine.so"));
    ElfEdit.builder().replaceNeeded("libm.so.6", "libmine.so").build().apply(program, program);
    assertThat(workshop.run(program)).isEqualTo(Workshop.SAYS);
    assertThat(Needs.output("readelf", "-WV", program.toString())).contains("File: libmine.so");
  }

  @Test
  void interpreter_mayBeLongerAndShorter() throws Exception {
    Path program = workshop.program("program");
    String old = ElfInfo.read(program).interpreter().orElseThrow();
    Path loader = Files.copy(Path.of(old), out("a-loader-whose-name-does-not-fit-there.so.2"));
    ElfEdit.builder().interpreter(loader.toString()).build().apply(program, program);
    assertThat(workshop.run(program)).isEqualTo(Workshop.SAYS);
    assertThat(Workshop.readelf(program)).contains("interpreter " + loader);
    ElfEdit.builder().interpreter(old).build().apply(program, program);
    Files.delete(loader);
    assertThat(workshop.run(program)).isEqualTo(Workshop.SAYS);
    assertThat(Workshop.complaints(program)).isEmpty();
  }

  @Test
  void musl_runs() throws Exception {
    Path program = workshop.musl("program");
    Path musl = Path.of(ElfInfo.read(program).interpreter().orElseThrow());
    Files.write(out("empty.c"), List.of("int nothing;"));
    Needs.output(
        "musl-gcc", "-shared", "-fPIC", "-o", out(EXTRA).toString(), out("empty.c").toString());
    adding().apply(program, program);
    assertThat(workshop.run(program)).isEqualTo(Workshop.SAYS);
    assertThat(workshop.run(List.of(musl.toString(), "--list", program.toString())))
        .contains(EXTRA + " => " + directory);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-static", "-static-pie"})
  void staticProgram_isRefused(String how) throws Exception {
    Path program = workshop.program("program", how);
    byte[] before = Files.readAllBytes(program);
    assertThatThrownBy(() -> adding().apply(program, program))
        .isInstanceOf(UneditableElfException.class)
        .hasMessageContaining("static");
    assertThat(program).hasBinaryContent(before);
    assertThat(Workshop.said(ElfInfo.read(program))).isEqualTo(Workshop.readelf(program));
  }

  @Test
  void objectAndLibrary_areRefusedWhatTheyCannotHave() throws Exception {
    Path object = workshop.library("object.o", "-c");
    assertThatThrownBy(() -> adding().apply(object, object)).hasMessageContaining("an object");
    Path library = workshop.library("library.so");
    assertThatThrownBy(() -> ElfEdit.builder().interpreter("/x").build().apply(library, library))
        .hasMessageContaining("no interpreter");
  }

  /** 32 and 64 bits, big endian, of other machines: readelf sees what was wanted. */
  @ParameterizedTest
  @ValueSource(strings = {"powerpc", "s390x"})
  void foreignMachine_isEditedAlike(String machine) throws Exception {
    Path program =
        workshop.foreign(
            machine, "-pie", "-dynamic-linker", "/lib/ld.so", "--unresolved-symbols=ignore-all");
    ElfInfo before = ElfInfo.read(program);
    assertThat(before.order()).isEqualTo(ByteOrder.BIG_ENDIAN);
    assertThat(before.bits()).isEqualTo(machine.equals("s390x") ? 64 : 32);
    ElfEdit edit =
        ElfEdit.builder()
            .addNeeded(EXTRA)
            .addRpath("/lib")
            .soname("it")
            .interpreter("/lib/a/longer/one")
            .build();
    edit.apply(program, program);
    assertThat(Workshop.readelf(program))
        .isEqualTo(Workshop.said(ElfInfo.read(program)))
        .isEqualTo(
            "[Library runpath /lib, Library soname it, Shared library libextra.so.1, interpreter /lib/a/longer/one]");
    assertThat(Workshop.complaints(program)).isEmpty();
    assertThat(edit.apply(program, program)).isFalse();
  }

  @Test
  void narrowLittleEndian_isEditedAlike() throws Exception {
    Path library = directory.resolve("lib32.so");
    Files.write(out("x.c"), List.of("int x(void) { return 1; }"));
    Needs.output(
        "gcc", "-m32", "-shared", "-nostdlib", "-o", library.toString(), out("x.c").toString());
    adding().apply(library, library);
    assertThat(ElfInfo.read(library).bits()).isEqualTo(32);
    assertThat(Workshop.readelf(library))
        .isEqualTo(Workshop.said(ElfInfo.read(library)))
        .contains(EXTRA);
    assertThat(Workshop.complaints(library)).isEmpty();
  }

  @Test
  void patchelf_saysTheSame() throws Exception {
    String patchelf = Needs.program("patchelf").toString();
    workshop.library(EXTRA);
    Map<List<String>, ElfEdit> edits = new LinkedHashMap<>();
    edits.put(List.of("--add-needed", EXTRA), ElfEdit.builder().addNeeded(EXTRA).build());
    edits.put(List.of("--remove-needed", EXTRA), ElfEdit.builder().removeNeeded(EXTRA).build());
    edits.put(List.of("--add-needed", EXTRA), ElfEdit.builder().addNeeded(EXTRA).build());
    edits.put(
        List.of("--replace-needed", "libm.so.6", "libn.so"),
        ElfEdit.builder().replaceNeeded("libm.so.6", "libn.so").build());
    edits.put(
        List.of("--replace-needed", "libn.so", "libm.so.6"),
        ElfEdit.builder().replaceNeeded("libn.so", "libm.so.6").build());
    edits.put(List.of("--set-rpath", "/one:/two"), ElfEdit.builder().rpath("/one:/two").build());
    edits.put(List.of("--add-rpath", "$ORIGIN"), ElfEdit.builder().addRpath("$ORIGIN").build());
    edits.put(
        List.of("--set-interpreter", "/lib/../lib64/../lib64/ld-linux-x86-64.so.2"),
        ElfEdit.builder().interpreter("/lib/../lib64/../lib64/ld-linux-x86-64.so.2").build());
    edits.put(List.of("--remove-rpath"), ElfEdit.builder().rpath("").build());
    Path ours = workshop.program("ours");
    Path theirs = Files.copy(ours, out("theirs"));
    for (Map.Entry<List<String>, ElfEdit> each : edits.entrySet()) {
      List<String> command = new java.util.ArrayList<>(List.of(patchelf));
      command.addAll(each.getKey());
      command.add(theirs.toString());
      Needs.output(command.toArray(String[]::new));
      each.getValue().apply(ours, ours);
      assertThat(Workshop.readelf(ours))
          .as("%s", each.getKey())
          .isEqualTo(Workshop.readelf(theirs));
      assertThat(workshop.run(ours, "LD_LIBRARY_PATH=" + directory))
          .as("%s", each.getKey())
          .isEqualTo(
              workshop.run(theirs, "LD_LIBRARY_PATH=" + directory).replace("theirs", "ours"));
    }
  }

  /** Either may go on where the other stopped. */
  @Test
  void patchelf_andThisTakeTurns() throws Exception {
    String patchelf = Needs.program("patchelf").toString();
    workshop.library(EXTRA);
    Path program = workshop.program("program");
    Needs.output(patchelf, "--add-needed", EXTRA, program.toString());
    Needs.output(
        patchelf, "--set-rpath", "$ORIGIN", program.toString()); // both at once it mixes up
    ElfEdit.builder().addRpath("/a/new/directory").build().apply(program, program);
    assertThat(workshop.run(program)).isEqualTo("loaded\n" + Workshop.SAYS);
    Needs.output(patchelf, "--remove-needed", EXTRA, program.toString());
    assertThat(workshop.run(program)).isEqualTo(Workshop.SAYS);
    adding().apply(program, program);
    assertThat(workshop.run(program)).isEqualTo("loaded\n" + Workshop.SAYS);
  }

  @Test
  void deadRpathBesideRunpath_doesNotComeToLife() throws Exception {
    Path program = workshop.program("program", "-Wl,--disable-new-dtags,-rpath,/old");
    ElfEdit.builder().addRpath("/new").build().apply(program, program);
    assertThat(ElfInfo.read(program).rpath()).contains("/old:/new");
    ElfEdit.builder().rpath("").build().apply(program, program);
    assertThat(Workshop.said(ElfInfo.read(program))).doesNotContain("path");
    assertThat(workshop.run(program)).isEqualTo(Workshop.SAYS);
  }

  @Test
  void file_keepsItsModeAndIsReplacedWhole() throws Exception {
    Path program = workshop.program("program");
    Files.setAttribute(program, "unix:mode", 04711);
    Path link = Files.createSymbolicLink(out("link"), program);
    Path other = Files.createLink(out("other"), program);
    byte[] before = Files.readAllBytes(program);
    adding().apply(link, link);
    assertThat(link).isSymbolicLink();
    assertThat((Integer) Files.getAttribute(program, "unix:mode") & 07777).isEqualTo(04711);
    assertThat(ElfInfo.read(program).needed()).contains(EXTRA);
    assertThat(other).hasBinaryContent(before);
    try (var left = Files.list(directory)) {
      assertThat(left.map(p -> p.getFileName().toString())).noneMatch(n -> n.startsWith(".lichen"));
    }
  }
}
