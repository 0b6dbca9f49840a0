package org.lichen.elf.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Command;
import org.lichen.api.command.Invocation;
import org.lichen.api.command.Option;
import org.lichen.api.command.Outcome;
import org.lichen.elf.ElfEdit;
import org.lichen.elf.ElfException;
import org.lichen.elf.ElfInfo;
import org.lichen.elf.UneditableElfException;
import org.osgi.service.component.annotations.Component;

/** {@code lichen elf show|set}: files of the caller, by paths as the caller sees them. */
@Component
public final class ElfCommand implements Command {
  private static final String USAGE =
      "lichen elf show [--format json] FILE...; lichen elf set --add-rpath '$ORIGIN/lib' FILE...";

  @Override
  public String name() {
    return "elf";
  }

  @Override
  public String group() {
    return "System";
  }

  @Override
  public String summary() {
    return "Show or change what programs and libraries (ELF) tell their loader: show, set.";
  }

  @Override
  public List<Option> options() {
    return List.of(
        new Option("--format", "json", "show: as JSON."),
        new Option("--interpreter", "PATH", "set: the program that loads it."),
        new Option("--replace-needed", "OLD NEW", "set: need NEW instead of the library OLD."),
        new Option("--remove-needed", "LIBRARY", "set: need it no more."),
        new Option("--add-needed", "LIBRARY", "set: need it too, searched first."),
        new Option("--rpath", "PATHS", "set: where libraries are searched; '' for nowhere."),
        new Option("--remove-rpath", "PATHS", "set: do not search there."),
        new Option("--add-rpath", "PATHS", "set: search there too, last."),
        new Option("--soname", "NAME", "set: the name that others need it by."),
        new Option("-o,--output", "OUT", "set: write there, and leave FILE (only one) as it is."));
  }

  @Override
  public List<String> complete(Invocation in, int word) {
    return word == 0 ? List.of("show", "set") : List.of();
  }

  @Override
  public Outcome run(Invocation in) throws ContainerException, IOException {
    List<String> words = in.operands();
    if (words.size() < 2 || !List.of("show", "set").contains(words.get(0))) {
      throw new ContainerException(Kind.USAGE, "elf: show or set what?", USAGE);
    }
    List<Path> files = new ArrayList<>();
    words.subList(1, words.size()).forEach(word -> files.add(in.request().path(word)));
    if (words.get(0).equals("show")) {
      show(files, in);
    } else {
      set(files, in);
    }
    return Outcome.OK;
  }

  private static void show(List<Path> files, Invocation in) throws ContainerException, IOException {
    List<String> formats = in.values().getOrDefault("--format", List.of());
    if (!formats.isEmpty() && !formats.equals(List.of("json"))) {
      throw new ContainerException(Kind.USAGE, "elf: --format is json or left out", USAGE);
    }
    if (in.values().size() > formats.size()) {
      throw new ContainerException(Kind.USAGE, "elf show: it takes --format alone", USAGE);
    }
    InfoView view = new InfoView(!formats.isEmpty());
    for (Path file : files) {
      view.add(file, of(file, () -> ElfInfo.read(file)));
    }
    in.out().print(view.text());
  }

  private static void set(List<Path> files, Invocation in) throws ContainerException, IOException {
    List<String> outputs = in.values().getOrDefault("-o", List.of());
    if (outputs.size() > 1 || (outputs.size() == 1 && files.size() > 1)) {
      throw new ContainerException(
          Kind.USAGE, "elf set: --output is for one file", "leave it out to change files in place");
    }
    ElfEdit edit = edit(in.values());
    if (edit.empty()) {
      throw new ContainerException(Kind.USAGE, "elf set: set what?", "lichen elf --help");
    }
    for (Path file : files) {
      Path out = outputs.isEmpty() ? file : in.request().path(outputs.get(0));
      of(file, () -> edit.apply(file, out));
    }
  }

  private static ElfEdit edit(Map<String, List<String>> values) throws ContainerException {
    ElfEdit.Builder edit = ElfEdit.builder();
    try {
      each(values, "--interpreter", edit::interpreter);
      each(values, "--remove-needed", edit::removeNeeded);
      each(values, "--add-needed", edit::addNeeded);
      each(values, "--rpath", edit::rpath);
      each(values, "--remove-rpath", edit::removeRpath);
      each(values, "--add-rpath", edit::addRpath);
      each(values, "--soname", edit::soname);
      List<String> pairs = values.getOrDefault("--replace-needed", List.of());
      for (int i = 0; i + 1 < pairs.size(); i += 2) {
        edit.replaceNeeded(pairs.get(i), pairs.get(i + 1));
      }
    } catch (IllegalArgumentException e) {
      throw new ContainerException(Kind.USAGE, "elf set: " + e.getMessage(), "", e);
    }
    return edit.build();
  }

  private static void each(
      Map<String, List<String>> values, String option, Consumer<String> setter) {
    values.getOrDefault(option, List.of()).forEach(setter);
  }

  /** What is done to one file. */
  private interface Work<T> {
    T run() throws IOException;
  }

  private static <T> T of(Path file, Work<T> work) throws ContainerException, IOException {
    if (Files.isDirectory(file)) {
      throw new ContainerException(
          Kind.USAGE, "elf: " + file + " is a directory", "name its files");
    }
    try {
      return work.run();
    } catch (NoSuchFileException e) {
      throw new ContainerException(Kind.NOT_FOUND, "no such file: " + e.getFile(), "", e);
    } catch (ElfException e) {
      throw new ContainerException(
          Kind.CORRUPT, "cannot read ELF file (" + file + "): " + e.getMessage(), "", e);
    } catch (UneditableElfException e) {
      throw new ContainerException(
          Kind.UNSUPPORTED, "cannot edit ELF file (" + file + "): " + e.getMessage(), "", e);
    }
  }
}
