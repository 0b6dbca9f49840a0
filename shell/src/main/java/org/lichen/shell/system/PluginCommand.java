package org.lichen.shell.system;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.command.Outcome;
import org.lichen.api.runtime.Plugins.Plugin;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.Rows;
import org.lichen.shell.base.Template;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen plugin}. */
@Command(
    name = "plugin",
    description = "Install, update, list or remove plugins; running containers are not touched.",
    footer = {
      "",
      "ACTION is one of: install FILE|URL, update FILE|URL, list, info NAME, remove NAME",
      "Example: lichen plugin install ./my-launcher.jar"
    })
public final class PluginCommand extends PicoCommand {
  @Option(
      names = "--digest",
      paramLabel = "sha256:…",
      description = "Refuse a file that does not have this digest.")
  @Nullable String digest;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "json, or a template (list, info).")
  String format;

  @Parameters(index = "0", paramLabel = "ACTION", description = "What to do.")
  String action;

  @Parameters(index = "1..*", paramLabel = "WHAT", description = "A file, a URL or a name.")
  List<String> operands = new ArrayList<>();

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    switch (action) {
      case "list", "ls" -> list(call);
      case "install", "update" -> {
        for (String source : needed()) {
          Plugin plugin = install(call, source);
          call.out().println(plugin.name() + " " + plugin.version());
        }
      }
      case "remove", "rm" -> {
        for (String name : needed()) {
          call.services().plugins().remove(name);
          call.out().println(name);
        }
      }
      case "info" -> {
        for (String name : needed()) {
          info(call, name);
        }
      }
      default ->
          throw new ContainerException(
              Kind.USAGE,
              "plugin: '" + action + "' is not an action",
              "install, update, list, info, remove");
    }
    return Outcome.OK;
  }

  private List<String> needed() throws ContainerException {
    if (operands.isEmpty()) {
      throw new ContainerException(
          Kind.USAGE, "plugin " + action + ": which one?", "lichen plugin --help");
    }
    return operands;
  }

  private Plugin install(Call call, String source) throws ContainerException, IOException {
    Optional<Digest> expected;
    try {
      expected = Optional.ofNullable(digest).map(Digest::parse);
    } catch (IllegalArgumentException e) {
      throw new ContainerException(Kind.USAGE, String.valueOf(e.getMessage()), "", e);
    }
    if (!source.matches("https?://.*")) {
      return call.services().plugins().install(call.request().path(source), expected);
    }
    Path temporary = Files.createDirectories(Path.of(call.services().home(), "tmp"));
    Path jar = Files.createTempFile(temporary, "plugin-", ".jar");
    try (InputStream in = URI.create(source).toURL().openStream()) {
      Files.copy(in, jar, StandardCopyOption.REPLACE_EXISTING);
      return call.services().plugins().install(jar, expected);
    } finally {
      Files.deleteIfExists(jar);
    }
  }

  private void list(Call call) throws ContainerException {
    Rows rows =
        new Rows()
            .column("NAME", "Name")
            .column("VERSION", "Version")
            .column("ORIGIN", "Origin")
            .column("STATE", "State")
            .column("PROVIDES", "Provides");
    call.services().plugins().list().forEach(plugin -> rows.add(fields(plugin)));
    rows.print(call.out(), format, true);
  }

  private void info(Call call, String name) throws ContainerException {
    Plugin plugin =
        call.services()
            .plugins()
            .find(name)
            .orElseThrow(
                () ->
                    new ContainerException(
                        Kind.NOT_FOUND, "no plugin '" + name + "'", "lichen plugin list"));
    if (format.equals("json")) {
      call.out().println(Rows.json(fields(plugin)));
    } else if (!format.isEmpty()) {
      call.out().println(new Template(format).fill(fields(plugin)));
    } else {
      fields(plugin).forEach((key, value) -> call.out().println(key + ": " + value));
    }
  }

  private static Map<String, Object> fields(Plugin plugin) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("Name", plugin.name());
    fields.put("Version", plugin.version());
    fields.put("Description", plugin.description());
    fields.put("Origin", plugin.origin());
    fields.put("State", plugin.state());
    fields.put("Provides", plugin.services());
    fields.put("Digest", plugin.digest().toString());
    fields.put("File", plugin.jar().toString());
    return fields;
  }
}
