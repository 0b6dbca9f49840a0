package org.lichen.image.singularity.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lichen.api.image.EntryStream;
import org.lichen.image.singularity.squashfs.write.Node;
import org.lichen.testkit.RawTar;

/** Layers as the OCI image specification writes them ("Whiteouts", "Opaque Whiteout"). */
class MergedTest {
  private static EntryStream entries(RawTar tar) {
    return new org.lichen.archive.TarReader(new java.io.ByteArrayInputStream(tar.bytes()));
  }

  private static Merged merged(RawTar... layers) throws IOException {
    Merged merged = new Merged();
    for (RawTar layer : layers) {
      try (EntryStream entries = entries(layer)) {
        merged.add(entries);
      }
    }
    return merged;
  }

  private static List<String> paths(Node node, String path) {
    List<String> all = new ArrayList<>();
    for (Map.Entry<byte[], Node> each : node.children().entrySet()) {
      String name = path + new String(each.getKey(), StandardCharsets.UTF_8);
      all.add(each.getValue().directory() ? name + "/" : name);
      all.addAll(paths(each.getValue(), name + "/"));
    }
    return all;
  }

  private static List<String> paths(RawTar... layers) throws IOException {
    return paths(merged(layers).root(), "");
  }

  private static RawTar base() {
    return new RawTar()
        .directory("./")
        .directory("./d")
        .file("./d/x", "x")
        .file("d/y", "y")
        .file("a", "a");
  }

  @Test
  void layers_areOneTree() throws IOException {
    assertThat(paths(base(), new RawTar().file("d/z", "z").file("implied/f", "f")))
        .containsExactly("a", "d/", "d/x", "d/y", "d/z", "implied/", "implied/f");
  }

  @Test
  void whiteout_hidesWhatIsBelow() throws IOException {
    assertThat(paths(base(), new RawTar().file(".wh.a", "").file("d/.wh.x", "")))
        .containsExactly("d/", "d/y");
    assertThat(paths(base(), new RawTar().file(".wh.d", ""))).containsExactly("a");
  }

  @Test
  void whiteout_neverHidesItsOwnLayer() throws IOException {
    assertThat(paths(base(), new RawTar().file("a", "new").file(".wh.a", ""))).contains("a");
    assertThat(paths(base(), new RawTar().file(".wh.d", "").file("d/z", "z")))
        .containsExactly("a", "d/", "d/z");
    assertThat(paths(base(), new RawTar().directory("d").file("d/z", "z").file(".wh.d", "")))
        .containsExactly("a", "d/", "d/z");
  }

  @Test
  void opaque_hidesWhatIsBelow_wheneverItComes() throws IOException {
    assertThat(paths(base(), new RawTar().file("d/z", "z").file("d/.wh..wh..opq", "")))
        .containsExactly("a", "d/", "d/z");
    assertThat(paths(base(), new RawTar().file("d/.wh..wh..opq", "").file("d/z", "z")))
        .containsExactly("a", "d/", "d/z");
  }

  @Test
  void aFile_replacesADirectory_andTheOtherWayRound() throws IOException {
    assertThat(paths(base(), new RawTar().file("d", "file").file("a/in", "x")))
        .containsExactly("a/", "a/in", "d");
  }

  @Test
  void aWhiteoutBelowAFile_changesNothing() throws IOException {
    assertThat(paths(base(), new RawTar().file("d", "file").file("d/.wh.x", "")))
        .containsExactly("a", "d");
    assertThat(paths(base(), new RawTar().file("gone/.wh.x", "").file("gone/.wh..wh..opq", "")))
        .containsExactly("a", "d/", "d/x", "d/y");
  }

  @Test
  void hardLinks_areOneNode_evenWhenTheFirstNameGoes() throws IOException {
    Merged merged =
        merged(
            new RawTar().file("one", "1").hardlink("two", "one").hardlink("three", "./one"),
            new RawTar().file(".wh.one", ""));
    assertThat(paths(merged.root(), "")).containsExactly("three", "two");
    assertThat(merged.root().children().values().stream().distinct().count()).isEqualTo(1);
    assertThat(merged.files(0)).containsOnlyKeys(0L);
  }

  @Test
  void onlyWhatIsLeft_isWritten() throws IOException {
    Merged merged = merged(base(), new RawTar().file("a", "new").file("d/.wh.x", ""));
    assertThat(merged.files(0)).containsOnlyKeys(3L); // d/y
    assertThat(merged.files(1)).containsOnlyKeys(0L);
  }

  @Test
  void whatLeadsOut_isRefused() {
    assertThat(catchThrowable(() -> paths(new RawTar().file("../x", ""))))
        .hasMessageContaining("'..' in its path");
    assertThat(catchThrowable(() -> paths(new RawTar().hardlink("x", "gone"))))
        .hasMessageContaining("'x' is a hard link to 'gone', which is no file");
  }
}
