package org.lichen.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The bytes of an unpacked layer, from the last line of its index. */
final class LayerSize {
  private static final int TAIL = 512;
  private static final Pattern BYTES = Pattern.compile("\"bytes\":([0-9]{1,18})\\}\\n$");

  private LayerSize() {}

  /** 0 if the index does not say. */
  static long of(Path index) {
    try (SeekableByteChannel in = Files.newByteChannel(index)) {
      ByteBuffer tail = ByteBuffer.allocate(TAIL);
      in.position(Math.max(0, in.size() - TAIL));
      in.read(tail);
      Matcher bytes =
          BYTES.matcher(new String(tail.array(), 0, tail.position(), StandardCharsets.UTF_8));
      return bytes.find() ? Long.parseLong(bytes.group(1)) : 0;
    } catch (IOException damaged) {
      return 0;
    }
  }
}
