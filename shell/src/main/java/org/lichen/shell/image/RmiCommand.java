package org.lichen.shell.image;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Outcome;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Removal;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen rmi}: 1 if an image is not there, 2 if one is in use, as podman. */
@Command(
    name = "rmi",
    description = "Remove images; layers that another image needs stay.",
    footer = {"", "Example: lichen rmi alpine:3.20"})
public final class RmiCommand extends PicoCommand {
  @Option(
      names = {"-a", "--all"},
      description = "Every image.")
  boolean all;

  @Option(
      names = {"-f", "--force"},
      description = "Also images that a container uses.")
  boolean force;

  @Option(
      names = {"-i", "--ignore"},
      description = "No failure for an image that is not there.")
  boolean ignore;

  @Parameters(arity = "0..*", paramLabel = "IMAGE", description = "Names or ids.")
  List<String> names = new ArrayList<>();

  @Override
  public Outcome run(Call call) throws ContainerException {
    if (all) {
      for (NamedImage image : call.services().store().list()) {
        names.add(image.image().id().toString());
      }
    } else if (names.isEmpty()) {
      throw new ContainerException(Kind.USAGE, "rmi: which image?", "lichen rmi IMAGE…, or --all");
    }
    int status = 0;
    for (String name : names) {
      try {
        Removal removal = call.services().store().remove(name, force);
        removal.untagged().forEach(tag -> call.out().println("Untagged: " + tag));
        removal.images().forEach(id -> call.out().println("Deleted: " + id.hex()));
      } catch (ContainerException e) {
        if (e.kind() == Kind.NOT_FOUND && ignore) {
          continue;
        }
        call.report(e);
        status = Math.max(status, e.kind() == Kind.CONFLICT ? 2 : 1);
      }
    }
    return Outcome.exit(status);
  }
}
