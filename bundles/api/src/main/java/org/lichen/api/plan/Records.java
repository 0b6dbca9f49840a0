package org.lichen.api.plan;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The encoding of everything that Java hands to C (docs/FORMATS.md, 1):
 *
 * <pre>
 *   tag (4 ASCII) | length (u32, big endian) | payload
 * </pre>
 *
 * Immutable; {@link Builder} makes it. Order is kept, tags may repeat.
 */
public final class Records {
  /** One record. */
  public record Item(String tag, byte[] payload) {
    /** The payload as UTF-8 text. */
    public String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }

    public long number() {
      if (payload.length != Long.BYTES) {
        throw new IllegalArgumentException("record '" + tag + "' is not a number of 8 bytes");
      }
      return ByteBuffer.wrap(payload).getLong();
    }

    public Records records() {
      return Records.decode(payload);
    }
  }

  private final List<Item> all;

  private Records(List<Item> all) {
    this.all = List.copyOf(all);
  }

  /**
   * Reads records up to the end of {@code bytes}.
   *
   * @throws IllegalArgumentException with the offset, if a length does not fit
   */
  public static Records decode(byte[] bytes) {
    List<Item> found = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    while (in.hasRemaining()) {
      int at = in.position();
      if (in.remaining() < 8) {
        throw new IllegalArgumentException("record at offset " + at + " is cut off");
      }
      byte[] tag = new byte[4];
      in.get(tag);
      int length = in.getInt();
      if (length < 0 || length > in.remaining()) {
        throw new IllegalArgumentException(
            "record at offset "
                + at
                + " says "
                + (length & 0xffffffffL)
                + " bytes, "
                + in.remaining()
                + " are left");
      }
      byte[] payload = new byte[length];
      in.get(payload);
      found.add(new Item(new String(tag, StandardCharsets.US_ASCII), payload));
    }
    return new Records(found);
  }

  public List<Item> all() {
    return all;
  }

  public List<Item> all(String tag) {
    return all.stream().filter(r -> r.tag().equals(tag)).toList();
  }

  public Optional<Item> first(String tag) {
    return all.stream().filter(r -> r.tag().equals(tag)).findFirst();
  }

  /** The texts of every record with this tag. */
  public List<String> texts(String tag) {
    return all(tag).stream().map(Item::text).toList();
  }

  /** The text of the first record with this tag, or the empty string. */
  public String text(String tag) {
    return first(tag).map(Item::text).orElse("");
  }

  /** The number of the first record with this tag, or {@code otherwise}. */
  public long number(String tag, long otherwise) {
    return first(tag).map(Item::number).orElse(otherwise);
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Collects records in order. */
  public static final class Builder {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    public Builder bytes(String tag, byte[] payload) {
      byte[] name = tag.getBytes(StandardCharsets.US_ASCII);
      if (name.length != 4) {
        throw new IllegalArgumentException("tag '" + tag + "' does not have 4 characters");
      }
      out.writeBytes(name);
      out.writeBytes(ByteBuffer.allocate(4).putInt(payload.length).array());
      out.writeBytes(payload);
      return this;
    }

    public Builder text(String tag, String text) {
      return bytes(tag, text.getBytes(StandardCharsets.UTF_8));
    }

    public Builder texts(String tag, Iterable<String> texts) {
      texts.forEach(text -> text(tag, text));
      return this;
    }

    public Builder number(String tag, long number) {
      return bytes(tag, ByteBuffer.allocate(8).putLong(number).array());
    }

    public Builder records(String tag, Builder nested) {
      return bytes(tag, nested.encoded());
    }

    public byte[] encoded() {
      return out.toByteArray();
    }
  }
}
