package org.example.lichen.tiny;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageFormat;
import org.lichen.api.image.ImageSource;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.ImageStore.LayerContent;
import org.lichen.api.image.Layer;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Platform;
import org.lichen.api.image.ReadOptions;
import org.osgi.service.component.annotations.Component;

/**
 * Images in one file: {@code tiny-image 1}, then lines {@code command WORD} and {@code file
 * MODE(octal) SIZE PATH}, each of the latter followed by the bytes of the file.
 */
@Component
public final class TinyFormat implements ImageFormat {
  static final String MAGIC = "tiny-image 1\n";

  @Override
  public String name() {
    return "tiny";
  }

  @Override
  public Set<String> transports() {
    return Set.of("tiny");
  }

  @Override
  public Recognition recognizes(ImageSource source) throws ContainerException {
    try {
      byte[] first = source.peek(MAGIC.length());
      return new String(first, StandardCharsets.ISO_8859_1).equals(MAGIC)
          ? Recognition.YES
          : Recognition.NO;
    } catch (IOException e) {
      throw unreadable(source, e);
    }
  }

  @Override
  public List<NamedImage> read(
      ImageSource source, ReadOptions options, ImageStore.Writer into, Request request)
      throws ContainerException {
    List<String> command;
    try (TinyFile file = new TinyFile(source)) {
      command = file.skipToEnd();
    } catch (IOException e) {
      throw unreadable(source, e);
    }
    Layer layer =
        into.layer(
            new LayerContent.Entries(
                Optional.empty(), Optional.empty(), () -> new TinyFile(source)));
    Image image = into.compose(config(command, options.wanted()), List.of(layer));
    return List.of(new NamedImage(image, List.of()));
  }

  private static ImageConfig config(List<String> command, Platform platform) {
    Map<String, Object> oci = new LinkedHashMap<>();
    oci.put("os", platform.os());
    oci.put("architecture", platform.architecture());
    oci.put("config", Map.of("Cmd", command));
    return new ImageConfig(oci);
  }

  private static ContainerException unreadable(ImageSource source, IOException e) {
    return new ContainerException(
        Kind.CORRUPT, "cannot read " + source.reference() + ": " + e.getMessage(), "", e);
  }

  @Override
  public Set<Capability> capabilities() {
    return Set.of();
  }
}
