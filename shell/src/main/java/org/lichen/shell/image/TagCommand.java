package org.lichen.shell.image;

import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.api.image.Image;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lichen tag}. */
@Command(
    name = "tag",
    description = "Give an image another name.",
    footer = {"", "Example: lichen tag alpine:3.20 localhost/base:1"})
public final class TagCommand extends PicoCommand {
  @Parameters(index = "0", paramLabel = "IMAGE", description = "Name or id of an image.")
  String image;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "NAME", description = "New names.")
  List<String> names;

  @Override
  public Outcome run(Call call) throws ContainerException {
    Image found = call.image(image);
    for (String name : names) {
      call.services().store().tag(call.services().images().reference(name), found);
    }
    return Outcome.OK;
  }
}
