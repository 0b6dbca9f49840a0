package org.lichen.calls.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Command;
import org.lichen.api.command.Invocation;
import org.lichen.api.command.Option;
import org.lichen.api.command.Outcome;
import org.lichen.calls.Exposures;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code lichen init}: the line that puts exposed commands into the PATH of a shell. */
@Component(service = Command.class)
public final class InitCommand implements Command {
  private final Exposures exposures;

  @Activate
  public InitCommand(@Reference Exposures exposures) {
    this.exposures = exposures;
  }

  @Override
  public String name() {
    return "init";
  }

  @Override
  public String group() {
    return "System";
  }

  @Override
  public String summary() {
    return "Print the line for a shell that finds exposed commands, as in: eval \"$(lichen init)\".";
  }

  @Override
  public List<Option> options() {
    return List.of(new Option("--bashrc", "", "Add it to your ~/.bashrc, once."));
  }

  @Override
  public Outcome run(Invocation in) throws ContainerException, IOException {
    String line =
        "export PATH='" + exposures.directory().toString().replace("'", "'\\''") + "'\":$PATH\"";
    if (!in.values().containsKey("--bashrc")) {
      in.out().println(line);
      return Outcome.OK;
    }
    String home = in.request().environment().getOrDefault("HOME", "");
    if (home.isEmpty()) {
      throw new ContainerException(Kind.USAGE, "init: HOME is not set", "lichen init prints it");
    }
    Path file = Path.of(home, ".bashrc");
    String before = Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
    if (before.lines().noneMatch(line::equals)) {
      String start = before.isEmpty() || before.endsWith("\n") ? "" : "\n";
      Files.writeString(
          file, start + line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
    in.out().println(file);
    return Outcome.OK;
  }
}
