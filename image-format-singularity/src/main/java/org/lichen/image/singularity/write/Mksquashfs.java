package org.lichen.image.singularity.write;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.image.Entry;
import org.lichen.api.image.EntryStream;
import org.lichen.image.singularity.squashfs.SquashfsException;
import org.lichen.image.singularity.squashfs.write.Packing;

/** The program {@code mksquashfs} of the caller's machine; it reads a tar (since 4.5). */
record Mksquashfs(Path program) {
  static Mksquashfs of(Request request) throws ContainerException {
    String path = request.environment().getOrDefault("PATH", "");
    return Stream.concat(Arrays.stream(path.split(":", -1)), Stream.of("/usr/bin", "/usr/sbin"))
        .filter(directory -> directory.startsWith("/"))
        .map(directory -> Path.of(directory, "mksquashfs"))
        .filter(Files::isExecutable)
        .findFirst()
        .map(Mksquashfs::new)
        .orElseThrow(
            () ->
                new ContainerException(
                    Kind.UNSUPPORTED,
                    "there is no mksquashfs in PATH",
                    "install squashfs-tools, or leave --mksquashfs out"));
  }

  /**
   * Makes a squashfs of entries; {@code seconds}: when it was made. Nothing may be at {@code to}.
   */
  void make(EntryStream entries, Path to, Packing packing, long seconds)
      throws IOException, ContainerException {
    Entry root = entries.next().orElseThrow(() -> new IOException("there is nothing to pack"));
    Path words = to.resolveSibling(to.getFileName() + ".log");
    List<String> command =
        List.of(
            program.toString(),
            "-",
            to.toString(),
            "-tar",
            "-comp",
            packing.name().toLowerCase(Locale.ROOT),
            "-mkfs-time",
            Long.toString(seconds),
            "-root-mode",
            Integer.toOctalString(root.mode() & 07777),
            "-root-uid",
            Long.toString(root.uid()),
            "-root-gid",
            Long.toString(root.gid()),
            "-root-time",
            Long.toString(root.modified().getEpochSecond()),
            "-no-progress",
            "-quiet");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(words.toFile())
              .start();
      Optional<IOException> failure = Optional.empty();
      try (OutputStream out = new BufferedOutputStream(process.getOutputStream(), 1 << 20)) {
        new TarStream(out).write(entries);
      } catch (IOException e) {
        failure = Optional.of(e);
      }
      boolean gaveUp = process.waitFor() != 0;
      boolean ours = failure.filter(e -> e instanceof SquashfsException).isPresent();
      if (gaveUp && !ours) { // then what was written to it could not be, either
        String said = Files.readString(words, StandardCharsets.UTF_8).trim();
        throw new ContainerException(
            Kind.HOST, program + " failed: " + said, "it needs squashfs-tools 4.5 or newer");
      }
      if (failure.isPresent()) {
        throw failure.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      Files.deleteIfExists(words);
    }
  }
}
