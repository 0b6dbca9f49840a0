package org.lichen.shell.container;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Reads a container's log ({@code TIME STREAM F|P BYTES}, docs/FORMATS.md, 6) and writes the bytes
 * to the stream that they came from.
 */
final class LogReader {
  private static final int BLOCK = 1 << 16;

  private final PrintStream out;
  private final PrintStream err;
  private final boolean timestamps;
  private final @Nullable Instant since;
  private final @Nullable Instant until;
  private boolean midLine;

  LogReader(
      PrintStream out,
      PrintStream err,
      boolean timestamps,
      @Nullable Instant since,
      @Nullable Instant until) {
    this.out = out;
    this.err = err;
    this.timestamps = timestamps;
    this.since = since;
    this.until = until;
  }

  /** Copies every whole record from an offset on; returns where the next one begins. */
  long copy(Path log, long from) throws IOException {
    long position = from;
    try (FileChannel file = FileChannel.open(log, StandardOpenOption.READ)) {
      ByteBuffer block = ByteBuffer.allocate(BLOCK);
      while (true) {
        block.clear();
        if (file.read(block, position) <= 0) {
          break;
        }
        int end = lastNewline(block);
        if (end < 0) {
          if (block.hasRemaining()) {
            break; // a record that is being written
          }
          block = ByteBuffer.allocate(block.capacity() * 2);
          continue;
        }
        records(block.array(), end + 1);
        position += end + 1;
      }
    } catch (NoSuchFileException notYet) {
      return position;
    }
    out.flush();
    err.flush();
    return position;
  }

  private static int lastNewline(ByteBuffer block) {
    for (int i = block.position() - 1; i >= 0; i--) {
      if (block.get(i) == '\n') {
        return i;
      }
    }
    return -1;
  }

  private void records(byte[] bytes, int end) {
    int start = 0;
    for (int i = 0; i < end; i++) {
      if (bytes[i] == '\n') {
        record(bytes, start, i);
        start = i + 1;
      }
    }
  }

  private void record(byte[] bytes, int start, int end) {
    int first = space(bytes, start, end);
    int second = space(bytes, first + 1, end);
    int third = space(bytes, second + 1, end);
    if (first < 0 || second < 0 || third < 0) {
      return; // not a record: the log was damaged
    }
    String time = new String(bytes, start, first - start, StandardCharsets.US_ASCII);
    if ((since != null || until != null) && !within(time)) {
      return;
    }
    boolean error = bytes[first + 1] == 's' && bytes[second - 1] == 'r';
    PrintStream stream = error ? err : out;
    if (timestamps && !midLine) {
      stream.print(time + " ");
    }
    stream.write(bytes, third + 1, end - third - 1);
    midLine = bytes[second + 1] == 'P';
    if (!midLine) {
      stream.write('\n');
    }
  }

  private boolean within(String time) {
    Instant at = Instant.parse(time);
    return (since == null || !at.isBefore(since)) && (until == null || !at.isAfter(until));
  }

  private static int space(byte[] bytes, int from, int end) {
    for (int i = Math.max(from, 0); i < end; i++) {
      if (bytes[i] == ' ') {
        return i;
      }
    }
    return -1;
  }

  /** Where the last {@code count} lines begin. */
  static long startOfLast(Path log, int count) throws IOException {
    try (FileChannel file = FileChannel.open(log, StandardOpenOption.READ)) {
      long position = file.size();
      int lines = -1; // the newline that ends the last line
      ByteBuffer block = ByteBuffer.allocate(BLOCK);
      while (position > 0) {
        int length = (int) Math.min(BLOCK, position);
        block.clear().limit(length);
        file.read(block, position - length);
        for (int i = length - 1; i >= 0; i--) {
          if (block.get(i) == '\n' && ++lines == count) {
            return position - length + i + 1;
          }
        }
        position -= length;
      }
      return 0;
    } catch (NoSuchFileException notYet) {
      return 0;
    }
  }
}
