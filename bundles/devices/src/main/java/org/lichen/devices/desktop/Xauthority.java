package org.lichen.devices.desktop;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The cookies of X servers (Xau(3), {@code .Xauthority}): entries one after the other, numbers big
 * endian.
 *
 * <pre>
 *   family 2 | address: size 2, bytes | display: size 2, digits | name: size 2 … | data: size 2 …
 * </pre>
 */
record Xauthority(List<Entry> entries) {
  /** Any address. */
  static final int WILD = 0xffff;

  /** The address is a host name. */
  static final int LOCAL = 256;

  /** One cookie; {@code display} is empty for every display. */
  record Entry(int family, byte[] address, String display, byte[] name, byte[] data) {}

  Xauthority {
    entries = List.copyOf(entries);
  }

  /**
   * Reads a file's content.
   *
   * @throws IOException if it ends within an entry
   */
  static Xauthority parse(byte[] bytes) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    List<Entry> found = new ArrayList<>();
    while (in.hasRemaining()) {
      int at = in.position();
      try {
        int family = Short.toUnsignedInt(in.getShort());
        byte[] address = counted(in);
        String display = new String(counted(in), StandardCharsets.US_ASCII);
        found.add(new Entry(family, address, display, counted(in), counted(in)));
      } catch (BufferUnderflowException e) {
        throw new IOException("the entry at byte " + at + " is cut off", e);
      }
    }
    return new Xauthority(found);
  }

  private static byte[] counted(ByteBuffer in) {
    byte[] bytes = new byte[Short.toUnsignedInt(in.getShort())];
    in.get(bytes);
    return bytes;
  }

  byte[] encoded() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Entry entry : entries) {
      number(out, entry.family());
      counted(out, entry.address());
      counted(out, entry.display().getBytes(StandardCharsets.US_ASCII));
      counted(out, entry.name());
      counted(out, entry.data());
    }
    return out.toByteArray();
  }

  private static void number(ByteArrayOutputStream out, int number) {
    out.write(number >> 8);
    out.write(number);
  }

  private static void counted(ByteArrayOutputStream out, byte[] bytes) {
    number(out, bytes.length);
    out.writeBytes(bytes);
  }

  /**
   * What a guest needs for one display: cookies that hold for this host become such for any, since
   * its name in the guest is another; those of addresses in the network stay.
   */
  Xauthority guest(String display, String host) {
    List<Entry> kept = new ArrayList<>();
    for (Entry entry : entries) {
      String address = new String(entry.address(), StandardCharsets.UTF_8);
      boolean ours = entry.family() == WILD || (entry.family() == LOCAL && address.equals(host));
      if (!entry.display().isEmpty() && !entry.display().equals(display)) {
        continue;
      }
      if (ours) {
        kept.add(new Entry(WILD, new byte[0], entry.display(), entry.name(), entry.data()));
      } else if (entry.family() != LOCAL) {
        kept.add(entry);
      }
    }
    return new Xauthority(kept);
  }
}
