package org.lichen.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.ImageStore.LayerContent;
import org.lichen.api.image.Layer;

/**
 * A process that imports an image of some layers: {@code HOME TAR…}. Says {@code begin}, {@code
 * open} for each layer that it reads, and {@code done} or what failed.
 */
public final class Importer {
  private Importer() {}

  public static void main(String[] arguments) throws IOException {
    say("begin");
    try {
      run(new OciStore(Path.of(arguments[0]), PinnedImages.NONE), arguments);
      say("done");
    } catch (ContainerException e) {
      say("failed " + e.kind() + " " + e.getMessage() + " hint: " + e.hint());
    }
  }

  private static void say(String word) {
    System.out.println(word);
  }

  private static void run(ImageStore store, String[] arguments)
      throws IOException, ContainerException {
    try (ImageStore.Writer writer = store.writer()) {
      List<Layer> layers = new ArrayList<>();
      for (int i = 1; i < arguments.length; i++) {
        Path tar = Path.of(arguments[i]);
        Optional<Digest> digest = Optional.of(Digest.of(Files.readAllBytes(tar)));
        layers.add(
            writer.layer(
                new LayerContent.Archive(
                    digest,
                    digest,
                    "",
                    () -> {
                      say("open");
                      return FileChannel.open(tar);
                    })));
      }
      store.tag(
          ImageReference.docker("imported"), writer.compose(new ImageConfig(Map.of()), layers));
    }
  }

  /** The command line of such a process. */
  static List<String> command(Path home, Path... tars) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-cp"));
    command.add(System.getProperty("java.class.path", ""));
    command.add(Importer.class.getName());
    command.add(home.toString());
    for (Path tar : tars) {
      command.add(tar.toString());
    }
    return command;
  }
}
