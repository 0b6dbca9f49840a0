package org.lichen.posix;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Names as Linux sees them: bytes. */
public final class Bytes {
  private Bytes() {}

  public static byte[] of(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The bytes of a path, whatever locale this JVM was started in. */
  public static byte[] of(Path path) {
    String text = path.toString();
    if (text.chars().allMatch(c -> c < 128 && c != '?')) {
      return text.getBytes(StandardCharsets.US_ASCII);
    }
    // In the C locale toString() shows '?' for what it cannot decode; the URI has the true bytes.
    String raw = path.toAbsolutePath().toUri().getRawPath();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == '%') {
        out.write(Integer.parseInt(raw.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        out.write(c);
      }
    }
    return out.toByteArray();
  }

  /** With the NUL that C wants. */
  static byte[] z(byte[] name) {
    return java.util.Arrays.copyOf(name, name.length + 1);
  }

  /** For people: UTF-8 where it is that, otherwise and for control characters {@code \xNN}. */
  public static String shown(byte[] name) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name)).toString();
      if (text.chars().noneMatch(Character::isISOControl)) {
        return text;
      }
    } catch (CharacterCodingException notText) {
      // shown byte by byte below
    }
    StringBuilder out = new StringBuilder();
    for (byte b : name) {
      if (b >= 0x20 && b < 0x7f) {
        out.append((char) b);
      } else {
        out.append(String.format("\\x%02x", b & 0xff));
      }
    }
    return out.toString();
  }
}
