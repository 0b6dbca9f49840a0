package org.lichen.shell.container;

import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Outcome;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen attach}: the client does it, without the runtime; here it is described. */
@Command(
    name = "attach",
    description = "Connect to the terminal or the output of a running container.",
    footer = {"", "Example: lichen attach web"})
public final class AttachCommand extends PicoCommand {
  @Option(names = "--no-stdin", description = "Only look.")
  boolean noInput;

  @Option(
      names = "--sig-proxy",
      arity = "0..1",
      defaultValue = "true",
      fallbackValue = "true",
      description = "Pass signals on (default).")
  boolean signals;

  @Option(
      names = "--detach-keys",
      paramLabel = "KEYS",
      defaultValue = "ctrl-p,ctrl-q",
      description = "Keys that leave it.")
  String detachKeys;

  @Parameters(arity = "1", paramLabel = "CONTAINER", description = "Name or id.")
  List<String> names;

  @Override
  public Outcome run(Call call) throws ContainerException {
    throw new ContainerException(
        Kind.USAGE,
        "attach works in the client, not in the interactive shell",
        "lichen attach " + names.get(0));
  }
}
