package org.lichen.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.image.Image;
import org.lichen.posix.Trees;
import org.lichen.testkit.FakeRequest;
import org.lichen.testkit.Needs;
import org.lichen.testkit.RawTar;

/** Several processes at one store, processes that are killed, and a disk that is full. */
class ProcessesTest {
  private static final int KILLS = 50;

  @TempDir Path temporary;

  private Path tar(String name, int files, int large) throws IOException {
    RawTar tar = new RawTar().directory(name, 0555);
    for (int i = 0; i < files; i++) {
      tar.file(name + "/" + i, 0400, new byte[2000 + i]);
    }
    byte[] noise = new byte[large];
    new Random(1).nextBytes(noise);
    return Files.write(
        temporary.resolve(name + ".tar"), tar.file(name + "/large", 0600, noise).bytes());
  }

  private static String output(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void layer_eightProcessesAtOnce_isReadOnce() throws Exception {
    Path home = temporary.resolve("home");
    Path tar = tar("layer", 200, 4 << 20);
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      processes.add(
          new ProcessBuilder(Importer.command(home, tar)).redirectErrorStream(true).start());
    }
    StringBuilder said = new StringBuilder();
    for (Process process : processes) {
      String one = output(process);
      assertThat(one).endsWith("done\n");
      said.append(one);
    }
    assertThat(said.toString().split("open\n", -1)).hasSize(2);
    assertConsistent(home);
    assertThat(new OciStore(home, PinnedImages.NONE).list()).hasSize(1);
  }

  @Test
  void import_killedAtAnyMoment_leavesTheStoreConsistent() throws Exception {
    long seed = Long.getLong("lichen.seed", System.nanoTime());
    System.out.println("seed " + seed + " (repeat with -Dlichen.seed)");
    Random random = new Random(seed);
    Path home = temporary.resolve("home");
    Path[] tars = {tar("one", 100, 1 << 20), tar("two", 100, 1 << 20)};
    int whole = milliseconds(temporary.resolve("measured"), tars);
    int finished = 0;
    for (int i = 0; i < KILLS; i++) {
      Path said = temporary.resolve("said");
      Process process =
          new ProcessBuilder(Importer.command(home, tars)).redirectOutput(said.toFile()).start();
      while (Files.size(said) == 0 && process.isAlive()) {
        Thread.sleep(1);
      }
      Thread.sleep(random.nextInt(whole + whole / 4));
      process.destroyForcibly().waitFor();
      finished += Files.readString(said).endsWith("done\n") ? 1 : 0;
      assertConsistent(home);
      OciStore store = new OciStore(home, PinnedImages.NONE);
      if (finished > 0 && i % 5 == 4) {
        for (var image : store.list()) {
          store.remove(image.image().id().toString(), false); // and once more from nothing
        }
        store.collect();
      }
    }
    System.out.println(finished + " of " + KILLS + " were finished before they were killed");
    assertThat(output(new ProcessBuilder(Importer.command(home, tars)).start())).endsWith("done\n");
    assertConsistent(home);
    OciStore store = new OciStore(home, PinnedImages.NONE);
    Image image = store.find("imported").orElseThrow();
    assertThat(
            store.unpacked(image.layers().get(1), FakeRequest.NOBODY).directory().resolve("two/99"))
        .exists();
    store.writer().close();
    for (String staging : new String[] {"store/staging", "layers/staging", "store/locks"}) {
      assertThat(home.resolve(staging)).isEmptyDirectory();
    }
    store.remove("imported", false);
    assertThat(home.resolve("store/blobs/sha256")).isEmptyDirectory();
    Trees.remove(home);
  }

  /** How long an import takes here and now, once it has begun. */
  private static int milliseconds(Path home, Path... tars) throws IOException {
    Process process = new ProcessBuilder(Importer.command(home, tars)).start();
    process.getInputStream().read();
    long begun = System.nanoTime();
    assertThat(output(process)).endsWith("done\n");
    return (int) ((System.nanoTime() - begun) / 1_000_000) + 1;
  }

  private static void assertConsistent(Path home) throws Exception {
    assertThat(new OciStore(home, PinnedImages.NONE).check(true, false).problems()).isEmpty();
  }

  @Test
  void import_onAFullDisk_saysSoAndLeavesNothing() throws Exception {
    Path tar = tar("large", 10, 8 << 20);
    Path disk = Files.createDirectory(temporary.resolve("disk"));
    String unshare = Needs.program("unshare").toString();
    String script = "mount -t tmpfs -o size=6m none \"$0\" && \"$@\"; find \"$0\" -type f | sort";
    List<String> command =
        new ArrayList<>(List.of(unshare, "-r", "-m", "sh", "-c", script, disk.toString()));
    command.addAll(Importer.command(disk.resolve("home"), tar));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = output(process);
    Needs.that(!said.contains("unshare:") && !said.contains("mount:"), "user namespaces: " + said);
    assertThat(said).contains("failed HOST", "no space left", "hint: free some space");
    try (Stream<String> files = said.lines()) {
      assertThat(files.filter(line -> line.startsWith(disk.toString())).toList())
          .containsExactlyInAnyOrder(
              disk + "/home/store/index.json",
              disk + "/home/store/lock",
              disk + "/home/store/oci-layout",
              disk + "/home/store/store.json");
    }
  }
}
