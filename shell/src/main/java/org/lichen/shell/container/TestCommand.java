package org.lichen.shell.container;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.PicoFunction.StopsAtOperand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen test}. */
@Command(
    name = "test",
    description = "Run the test script of a sif: image.",
    footer = {"", "Example: lichen test sif:tools.sif"})
public final class TestCommand extends PicoCommand implements StopsAtOperand {
  @Option(names = "--app", paramLabel = "NAME", defaultValue = "", description = "Of this app.")
  String app;

  @Parameters(index = "0", paramLabel = "IMAGE", description = "sif:FILE, or name or id.")
  String image;

  @Parameters(index = "1..*", paramLabel = "ARGUMENT", description = "For the script.")
  List<String> arguments = new ArrayList<>();

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    List<String> words = new ArrayList<>(List.of(image));
    words.addAll(arguments);
    return RunCommand.once("test", app.isEmpty() ? List.of() : List.of("--app", app), words, call);
  }
}
