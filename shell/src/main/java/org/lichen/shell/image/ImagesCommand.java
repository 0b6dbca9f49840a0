package org.lichen.shell.image;

import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.NamedImage;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.Rows;
import org.lichen.shell.base.Words;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen images}. */
@Command(
    name = "images",
    description = "List the images in the store.",
    footer = {"", "Example: lichen images --format '{{.Repository}}:{{.Tag}} {{.Size}}'"})
public final class ImagesCommand extends PicoCommand {
  @Option(
      names = {"-q", "--quiet"},
      description = "Print ids only.")
  boolean quiet;

  @Option(names = "--no-trunc", description = "Print whole ids.")
  boolean whole;

  @Option(
      names = {"-n", "--noheading"},
      description = "No heading.")
  boolean noHeading;

  @Option(names = "--digests", description = "Show the digests of the manifests.")
  boolean digests;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "json, or a template such as '{{.ID}} {{.Names}}'.")
  String format;

  @Parameters(arity = "0..1", paramLabel = "NAME", defaultValue = "", description = "Only this.")
  String filter;

  @Override
  public Outcome run(Call call) throws ContainerException {
    Rows rows = new Rows().column("REPOSITORY", "Repository").column("TAG", "Tag");
    if (digests) {
      rows.column("DIGEST", "Digest");
    }
    rows.column("IMAGE ID", "ID").column("CREATED", "Created").column("SIZE", "Size");
    for (NamedImage image : call.services().store().list()) {
      if (image.names().isEmpty() && filter.isEmpty()) {
        rows.add(row(image, "<none>", "<none>"));
      }
      for (ImageReference name : image.names()) {
        if (matches(name)) {
          rows.add(row(image, name.name(), name.tag().orElse("<none>")));
        }
      }
    }
    rows.print(call.out(), quiet ? "{{.ID}}" : format, !noHeading);
    return Outcome.OK;
  }

  private boolean matches(ImageReference name) {
    return filter.isEmpty()
        || name.familiar().equals(filter)
        || name.toString().equals(filter)
        || name.name().equals(filter)
        || name.name().endsWith("/" + filter)
        || name.toString().endsWith("/" + filter);
  }

  private Map<String, Object> row(NamedImage named, String repository, String tag) {
    Image image = named.image();
    Instant created = image.config().created().orElse(Instant.EPOCH);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("Repository", repository);
    row.put("Tag", tag);
    row.put("ID", whole ? image.id().toString() : image.id().brief());
    row.put("Digest", image.manifest().toString());
    row.put("Created", Words.ago(created, Clock.systemUTC().instant()));
    row.put("CreatedAt", created.toString());
    row.put("Size", Words.size(image.size()));
    row.put("Bytes", image.size());
    row.put("Names", List.copyOf(named.names().stream().map(ImageReference::toString).toList()));
    row.put("Labels", image.config().labels());
    row.put("Platform", image.platform().toString());
    return row;
  }
}
