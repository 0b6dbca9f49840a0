package org.lichen.shell.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.Container;
import org.lichen.api.container.ContainerSpec;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.PicoFunction.StopsAtOperand;
import org.lichen.shell.base.Services;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;

/** {@code lichen create}. */
@Command(
    name = "create",
    description = "Create a container and do not start it; print its id.",
    footer = {"", "Example: lichen create --name db -e MODE=test alpine sleep inf"})
public final class CreateCommand extends PicoCommand implements StopsAtOperand {
  @Mixin SpecOptions spec = new SpecOptions();

  @Parameters(index = "0", paramLabel = "IMAGE", description = "Name or id of an image.")
  String image;

  @Parameters(index = "1..*", paramLabel = "COMMAND", description = "Instead of the image's.")
  List<String> arguments = new ArrayList<>();

  @Override
  protected void extend(CommandSpec line, Services services) {
    spec.plugged.extend(line, services.contributors().get());
  }

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    ContainerSpec wanted = spec.spec(image, arguments, call);
    if (wanted.name().isEmpty()) {
      wanted = wanted.change().name(Names.random()).build();
    }
    call.out().println(create(wanted, spec, call).id());
    return Outcome.OK;
  }

  static Container create(ContainerSpec wanted, SpecOptions options, Call call)
      throws ContainerException, IOException {
    Container made = call.services().runtime().create(wanted, call.request());
    if (options.cidFile != null) {
      Files.writeString(
          call.request().path(options.cidFile), made.id().value(), StandardOpenOption.CREATE_NEW);
    }
    return made;
  }
}
