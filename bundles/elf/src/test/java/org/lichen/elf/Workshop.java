package org.lichen.elf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lichen.testkit.Needs;

/** Makes real ELF files, runs them, and asks readelf what it sees. */
record Workshop(Path directory) {
  /** Prints what its libraries say; needs libm and libc, by versions. */
  private static final String PROGRAM =
      """
      #include <math.h>
      #include <stdio.h>
      #include <stdlib.h>
      static char zeroes[300000];
      static __thread int three = 3;
      static int order(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
      int main(int count, char **words) {
        int numbers[] = {9, count, 4};
        qsort(numbers, 3, sizeof *numbers, order);
        zeroes[70000]++;
        printf("main %d %d %.0f %s\\n", numbers[0], zeroes[70000] + three, sqrt(count * 16), words[0] ? "words" : "");
        return 0;
      }
      """;

  static final String SAYS = "main 1 4 4 words\n";

  /** Tells that it was loaded. */
  private static final String LIBRARY =
      """
      #include <stdio.h>
      int value(void) { return 7; }
      __attribute__((constructor)) static void loaded(void) { puts("loaded"); fflush(stdout); }
      """;

  private static final Pattern SAID =
      Pattern.compile(
          "(Shared library|Library soname|Library rpath|Library runpath): \\[(.*)]$"
              + "|Requesting program interpreter: (.*)]$");

  Path program(String name, String... options) throws IOException, InterruptedException {
    return compile("gcc", name, PROGRAM, Stream.concat(Stream.of(options), Stream.of("-lm")));
  }

  Path musl(String name, String... options) throws IOException, InterruptedException {
    return compile("musl-gcc", name, PROGRAM, Stream.of(options));
  }

  Path library(String name, String... options) throws IOException, InterruptedException {
    return compile(
        "gcc",
        name,
        LIBRARY,
        Stream.concat(Stream.of("-shared", "-fPIC", "-Wl,-soname," + name), Stream.of(options)));
  }

  Path silent(String name) throws IOException, InterruptedException {
    return compile("gcc", name, "int silent;", Stream.of("-shared", "-fPIC"));
  }

  private Path compile(String compiler, String name, String source, Stream<String> options)
      throws IOException, InterruptedException {
    Path code = Files.writeString(directory.resolve(name + ".c"), source);
    Path out = directory.resolve(name);
    List<String> command =
        new ArrayList<>(
            List.of(Needs.program(compiler).toString(), "-o", out.toString(), code.toString()));
    command.addAll(options.toList());
    Needs.output(command.toArray(String[]::new));
    return out;
  }

  /** A program of another machine, by its assembler and linker alone. */
  Path foreign(String machine, String... options) throws IOException, InterruptedException {
    Path object = directory.resolve(machine + ".o");
    Path out = directory.resolve(machine);
    Path code =
        Files.writeString(
            directory.resolve(machine + ".s"),
            ".globl _start\n.type _start,%function\n_start:\n.long 0\n.data\n"
                + (machine.equals("s390x") ? ".quad" : ".long")
                + " elsewhere\n");
    Needs.output(
        Needs.program(machine + "-linux-gnu-as").toString(),
        "-o",
        object.toString(),
        code.toString());
    List<String> command =
        new ArrayList<>(
            List.of(
                Needs.program(machine + "-linux-gnu-ld").toString(),
                "-o",
                out.toString(),
                object.toString()));
    command.addAll(List.of(options));
    Needs.output(command.toArray(String[]::new));
    return out;
  }

  /** Status and output of a program, in a directory and with variables of its own. */
  String run(Path program, String... variables) throws IOException, InterruptedException {
    return run(List.of(program.toString()), variables);
  }

  String run(List<String> command, String... variables) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.directory(directory.toFile());
    for (String each : variables) {
      builder.environment().put(each.split("=", 2)[0], each.split("=", 2)[1]);
    }
    Process process = builder.start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    int status = process.waitFor();
    return status == 0 ? said : said + "status " + status + "\n";
  }

  /** What readelf finds in files, in the words of {@link #said(ElfInfo)}. */
  static Map<Path, String> readelf(List<Path> files) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Needs.program("readelf").toString());
    command.add("-Wdl");
    command.add("--"); // with one file alone it prints no heading
    command.add("/dev/null");
    files.forEach(file -> command.add(file.toString()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    Map<Path, List<String>> found = new LinkedHashMap<>();
    List<String> now = new ArrayList<>();
    for (String line : output.split("\n", -1)) {
      if (line.startsWith("File: ")) {
        now = new ArrayList<>();
        found.put(Path.of(line.substring(6)), now);
      }
      Matcher said = SAID.matcher(line);
      if (said.find()) {
        now.add(
            said.group(3) == null
                ? said.group(1) + " " + said.group(2)
                : "interpreter " + said.group(3));
      }
    }
    return found.entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey, e -> e.getValue().stream().sorted().toList().toString()));
  }

  static String readelf(Path file) throws IOException, InterruptedException {
    return Optional.ofNullable(readelf(List.of(file)).get(file)).orElse("nothing");
  }

  /** What readelf finds amiss; on purpose it is not asked of files without section headers. */
  static String complaints(Path file) throws IOException, InterruptedException {
    return Needs.output(Needs.program("readelf").toString(), "-aW", file.toString())
        .lines()
        .filter(line -> line.matches("(?i).*(warning|error|corrupt|overlap|<unknown).*"))
        .collect(Collectors.joining("\n"));
  }

  static String said(ElfInfo info) {
    List<String> all = new ArrayList<>();
    info.interpreter().ifPresent(value -> all.add("interpreter " + value));
    info.needed().forEach(value -> all.add("Shared library " + value));
    info.soname().ifPresent(value -> all.add("Library soname " + value));
    info.rpath().ifPresent(value -> all.add("Library rpath " + value));
    info.runpath().ifPresent(value -> all.add("Library runpath " + value));
    return all.stream().sorted().toList().toString();
  }
}
