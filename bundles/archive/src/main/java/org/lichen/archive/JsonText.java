package org.lichen.archive;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * Bytes as a JSON string and back. A byte 0xNN that is not part of valid UTF-8 becomes the lone
 * surrogate U+DCNN (as in PEP 383), written as an escape: every JSON parser reads the file, and no
 * byte is lost.
 */
public final class JsonText {
  private JsonText() {}

  static void quote(StringBuilder out, byte[] bytes) {
    out.append('"');
    boolean plain = true;
    for (byte b : bytes) {
      plain &= b >= 0x20 && b < 0x7f && b != '"' && b != '\\';
    }
    if (plain) {
      out.append(new String(bytes, StandardCharsets.US_ASCII));
    } else {
      escape(out, bytes);
    }
    out.append('"');
  }

  static void quote(StringBuilder out, String text) {
    quote(out, text.getBytes(StandardCharsets.UTF_8));
  }

  private static void escape(StringBuilder out, byte[] bytes) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer chars = CharBuffer.allocate(bytes.length);
    while (in.hasRemaining()) {
      CoderResult result = decoder.decode(in, chars, true);
      chars.flip();
      chars.chars().forEach(c -> append(out, (char) c));
      chars.clear();
      for (int i = 0; result.isMalformed() && i < result.length(); i++) {
        escape(out, (char) (0xdc00 | in.get() & 0xff));
      }
      decoder.reset();
    }
  }

  private static void append(StringBuilder out, char c) {
    if (c == '"' || c == '\\') {
      out.append('\\').append(c);
    } else if (c < 0x20 || c == 0x7f) {
      escape(out, c);
    } else {
      out.append(c);
    }
  }

  private static void escape(StringBuilder out, char c) {
    out.append(String.format("\\u%04x", (int) c));
  }

  /** The bytes behind a string as a JSON parser gives it. */
  public static byte[] bytes(String unescaped) {
    ByteBuffer out = ByteBuffer.allocate(unescaped.length() * 3);
    for (int i = 0; i < unescaped.length(); ) {
      int c = unescaped.codePointAt(i);
      i += Character.charCount(c);
      if (c >= 0xdc80 && c <= 0xdcff) {
        out.put((byte) c);
      } else {
        out.put(Character.toString(c).getBytes(StandardCharsets.UTF_8));
      }
    }
    byte[] bytes = new byte[out.flip().remaining()];
    out.get(bytes);
    return bytes;
  }
}
