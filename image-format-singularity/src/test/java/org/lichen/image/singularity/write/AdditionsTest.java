package org.lichen.image.singularity.write;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.image.Entry;
import org.lichen.api.image.ImageConfig;
import org.lichen.image.singularity.squashfs.Limits;
import org.lichen.image.singularity.squashfs.SquashEntries;
import org.lichen.image.singularity.squashfs.Squashfs;
import org.lichen.image.singularity.squashfs.write.Node;
import org.lichen.image.singularity.squashfs.write.Packing;
import org.lichen.image.singularity.squashfs.write.SquashWriter;
import org.lichen.testkit.Needs;

class AdditionsTest {
  @TempDir Path directory;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Squashfs written(Node root, Map<String, Object> config) throws Exception {
    FileChannel file =
        FileChannel.open(
            directory.resolve("image"),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    try (SquashWriter writer = new SquashWriter(file, 0, Packing.GZIP, 7, 1)) {
      new Additions(root, writer, 7).add(new ImageConfig(Map.of("config", config)));
      writer.finish(root);
    }
    return new Squashfs(file, 0, file.size());
  }

  private static String text(Squashfs from, String path) throws Exception {
    return from.content(path, 10_000)
        .map(b -> new String(b, StandardCharsets.UTF_8))
        .orElse("none");
  }

  @Test
  void links_areLeftAsTheyAre() throws Exception {
    Node root = Node.directory(0755, 0);
    for (String name : List.of("var", "tmp", "etc")) {
      root.children()
          .put(
              bytes(name),
              new Node(Entry.Type.SYMLINK, 0777, 0, 0, 0, bytes("usr"), 0, 0, Map.of()));
    }
    try (Squashfs from = written(root, Map.of());
        SquashEntries entries = new SquashEntries(from, Limits.usual(from.size()))) {
      int links = 0;
      for (Optional<Entry> next = entries.next(); next.isPresent(); next = entries.next()) {
        links += next.get().type() == Entry.Type.SYMLINK ? 1 : 0;
      }
      assertThat(links).isEqualTo(3 + 6); // and singularity, environment, .run …
    }
    Needs.output(
        Needs.program("unsquashfs").toString(), "-ls", directory.resolve("image").toString());
  }

  @Test
  void runScript_isEntrypointAndCommand() throws Exception {
    try (Squashfs from =
        written(
            Node.directory(0755, 0),
            Map.of(
                "Entrypoint", List.of("/bin/it's", "-x"),
                "Cmd", List.of("a b"),
                "Env", List.of("PATH=/own", "ONE=1", "bad-name=x"),
                "Labels", Map.of("who", "me")))) {
      assertThat(text(from, ".singularity.d/runscript"))
          .isEqualTo("#!/bin/sh\n[ $# -gt 0 ] || set -- 'a b'\nexec '/bin/it'\\''s' '-x' \"$@\"\n");
      assertThat(text(from, ".singularity.d/env/10-docker2singularity.sh"))
          .isEqualTo("#!/bin/sh\nexport PATH='/own'\n[ -n \"${ONE+x}\" ] || export ONE='1'\n");
      assertThat(text(from, ".singularity.d/labels.json")).contains("\"who\" : \"me\"");
      for (String action : List.of("run", "exec", "shell", "start", "test")) {
        Needs.output("sh", "-n", "-c", text(from, ".singularity.d/actions/" + action));
      }
    }
  }

  @Test
  void whatSingularityMade_isLeftAsItIs() throws Exception {
    Node root = Node.directory(0755, 0);
    root.children().put(bytes(".singularity.d"), Node.directory(0755, 0));
    try (Squashfs from = written(root, Map.of())) {
      assertThat(from.names(".singularity.d")).isEmpty();
      assertThat(from.has("singularity")).isFalse();
      assertThat(from.has("proc")).isTrue();
    }
  }
}
