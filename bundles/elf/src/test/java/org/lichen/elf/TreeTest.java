package org.lichen.elf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.testkit.Needs;

/** The files of this machine: some of them, or with {@code LICHEN_ELF_TREE=1} all. */
class TreeTest {
  private static final boolean ALL = "1".equals(System.getenv("LICHEN_ELF_TREE"));
  private static final int AT_ONCE = 500;

  @TempDir Path directory;

  private static List<Path> elves(String top, int share) throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> all = Files.find(Path.of(top), 20, (p, a) -> a.isRegularFile())) {
      for (Path file : all.sorted().filter(Files::isReadable).toList()) {
        if (Math.floorMod(file.hashCode(), ALL ? 1 : share) != 0) {
          continue;
        }
        try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
          if (ElfInfo.recognises(channel)) {
            found.add(file);
          }
        }
      }
    }
    return found;
  }

  private static void sameAsReadelf(List<Path> files) throws Exception {
    for (int i = 0; i < files.size(); i += AT_ONCE) {
      List<Path> some = files.subList(i, Math.min(files.size(), i + AT_ONCE));
      Map<Path, String> said = Workshop.readelf(some);
      for (Path file : some) {
        assertThat(Workshop.said(ElfInfo.read(file))).as("%s", file).isEqualTo(said.get(file));
      }
    }
  }

  @Test
  void filesOfThisMachine_areReadAsReadelfDoes() throws Exception {
    List<Path> files = elves("/usr/bin", 8);
    files.addAll(elves("/usr/lib", 16));
    assertThat(files).isNotEmpty();
    sameAsReadelf(files);
  }

  /** Each says the same of itself before and after: a library in front and a search path. */
  @Test
  void programsOfThisMachine_runAfterEdits() throws Exception {
    Workshop workshop = new Workshop(directory);
    workshop.silent("libsilent.so");
    ElfEdit edit =
        ElfEdit.builder().addNeeded("libsilent.so").addRpath(directory.toString()).build();
    Files.createDirectory(directory.resolve("copies"));
    int compared = 0;
    for (Path program : elves("/usr/bin", 24)) {
      if (ElfInfo.read(program).kind() != ElfInfo.Kind.PROGRAM) {
        continue;
      }
      Path copy = directory.resolve("copies").resolve(String.valueOf(program.getFileName()));
      Files.copy(program, copy, StandardCopyOption.COPY_ATTRIBUTES);
      String before = said(workshop, copy);
      boolean same = before.equals(said(workshop, copy)); // else it tells the time, or its pid
      edit.apply(copy, copy);
      assertThat(Workshop.readelf(copy)).isEqualTo(Workshop.said(ElfInfo.read(copy)));
      if (same) {
        assertThat(said(workshop, copy)).as("%s", program).isEqualTo(before);
        compared++;
      }
      Files.delete(copy);
    }
    assertThat(compared).isPositive();
  }

  private static String said(Workshop workshop, Path program) throws Exception {
    return workshop.run(List.of("timeout", "10", program.toString(), "--version"));
  }

  private static final Pattern VERSION = Pattern.compile("(Rev:.*Name: |File: |  Name: )(\\S+)");

  @Test
  void versionsOfSymbols_areReadAsReadelfDoes() throws Exception {
    List<Path> files = elves("/usr/lib", 40);
    assertThat(files).isNotEmpty();
    int some = 0;
    for (Path file : files) {
      List<String> said = new ArrayList<>();
      String output = Needs.output(Needs.program("readelf").toString(), "-VW", file.toString());
      for (String line : output.lines().toList()) {
        Matcher found = VERSION.matcher(line);
        if (found.find()) {
          said.add((found.group(1).startsWith("Rev") ? "defines " : "") + found.group(2));
        }
      }
      ElfVersions versions = ElfVersions.read(file);
      List<String> read = new ArrayList<>();
      versions.defined().forEach(name -> read.add("defines " + name));
      versions
          .needed()
          .forEach(
              (library, names) -> {
                read.add(library);
                read.addAll(names);
              });
      assertThat(read).as("%s", file).containsExactlyInAnyOrderElementsOf(said);
      some += read.size();
    }
    assertThat(some).isPositive();
  }
}
