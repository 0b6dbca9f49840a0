package org.lichen.image.docker.local;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;

/**
 * Bytes that can be read once only, in a file that can be read anywhere: a compressed archive,
 * whose parts are needed in another order than they are in. The file has no name, so that a kill
 * leaves nothing.
 */
final class Spool {
  private final Request request;
  private final String which;

  Spool(Request request, String which) {
    this.request = request;
    this.which = which;
  }

  /** Copies to the end; the caller closes the result. */
  FileChannel copy(InputStream in) throws ContainerException {
    Path directory = directory();
    try {
      Path file = Files.createTempFile(directory, "lichen-", ".tar"); // 0600
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        Files.delete(file);
        fill(channel, in);
        return channel.position(0);
      } catch (IOException | ContainerException | RuntimeException failed) {
        channel.close();
        throw failed;
      }
    } catch (Damaged failed) {
      throw new ContainerException(
          Kind.CORRUPT, "cannot read archive (" + which + "): " + failed.getMessage(), "", failed);
    } catch (IOException failed) {
      throw new ContainerException(
          Kind.HOST,
          "cannot unpack archive (" + which + ") into " + directory + ": " + failed.getMessage(),
          "another place is chosen with the environment variable TMPDIR",
          failed);
    }
  }

  private void fill(FileChannel out, InputStream in) throws IOException, ContainerException {
    byte[] buffer = new byte[1 << 16];
    for (int count = read(in, buffer); count >= 0; count = read(in, buffer)) {
      request.cancellation().check();
      ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, count);
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    }
  }

  /** A decompressor fails in many ways; each means that the archive is damaged. */
  private static int read(InputStream in, byte[] buffer) throws Damaged {
    try {
      return in.read(buffer);
    } catch (EOFException early) {
      throw new Damaged("it ends too early", early);
    } catch (IOException | UncheckedIOException | IndexOutOfBoundsException bad) {
      throw new Damaged(String.valueOf(bad.getMessage()), bad);
    }
  }

  private Path directory() {
    String set = request.environment().getOrDefault("TMPDIR", "");
    // Not /tmp: it is often memory, and images are large.
    return Path.of(set.startsWith("/") ? set : "/var/tmp");
  }

  private static final class Damaged extends IOException {
    private static final long serialVersionUID = 1;

    Damaged(String message, Exception cause) {
      super(message, cause);
    }
  }
}
