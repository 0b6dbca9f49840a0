package org.lichen.archive;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Extended header records: {@code LENGTH KEY=VALUE\n} (POSIX.1-2001 pax). */
final class Pax {
  private static final String XATTR = "SCHILY.xattr.";
  private static final String XATTR_BASE64 = "LIBARCHIVE.xattr.";

  private final Map<String, byte[]> records = new LinkedHashMap<>();

  /** GNU.sparse.offset and numbytes of form 0.0, in their order: there these keys repeat. */
  private final List<Long> extents = new ArrayList<>();

  /** Adds the records of a header; an empty value takes an earlier one back. */
  void read(byte[] header, long offset) throws ArchiveException {
    int at = 0;
    while (at < header.length) {
      int space = at;
      long length = 0;
      while (space < header.length
          && header[space] >= '0'
          && header[space] <= '9'
          && length < 1 << 27) {
        length = length * 10 + header[space++] - '0';
      }
      int end = (int) Math.min(at + length, header.length + 1L);
      int equals = space + 1;
      while (equals < end && equals < header.length && header[equals] != '=') {
        equals++;
      }
      if (end > header.length || end <= equals || header[space] != ' ' || header[end - 1] != '\n') {
        throw new ArchiveException("tar is damaged at byte " + (offset + at) + ": pax record");
      }
      String key = new String(header, space + 1, equals - space - 1, StandardCharsets.UTF_8);
      put(key, Arrays.copyOfRange(header, equals + 1, end - 1));
      at = end;
    }
  }

  private void put(String key, byte[] value) throws ArchiveException {
    switch (key) {
      case "GNU.sparse.offset", "GNU.sparse.numbytes" -> extents.add(number(key, value));
      default -> {
        if (value.length == 0 && !key.startsWith(XATTR)) {
          records.remove(key);
        } else {
          records.put(key, value);
        }
      }
    }
  }

  /** These records over those of {@code global}. */
  Pax over(Pax global) {
    Pax both = new Pax();
    both.records.putAll(global.records);
    both.records.putAll(records);
    both.extents.addAll(extents);
    return both;
  }

  Optional<byte[]> bytes(String key) {
    return Optional.ofNullable(records.get(key));
  }

  long number(String key, long otherwise) throws ArchiveException {
    byte[] value = records.get(key);
    return value == null ? otherwise : number(key, value);
  }

  static long number(String key, byte[] value) throws ArchiveException {
    String text = new String(value, StandardCharsets.ISO_8859_1);
    try {
      long number = Long.parseLong(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new ArchiveException("tar is damaged: pax record " + key + " is '" + text + "'");
  }

  Instant time(String key, Instant otherwise) throws ArchiveException {
    byte[] value = records.get(key);
    if (value == null) {
      return otherwise;
    }
    String text = new String(value, StandardCharsets.ISO_8859_1);
    try {
      // A long exponent would make a number of a gigabyte.
      BigDecimal seconds =
          text.length() > 40 || text.indexOf('e') >= 0 || text.indexOf('E') >= 0
              ? null
              : new BigDecimal(text);
      if (seconds != null) {
        BigDecimal whole = seconds.setScale(0, RoundingMode.FLOOR);
        long nanos = seconds.subtract(whole).movePointRight(9).longValue();
        return Instant.ofEpochSecond(whole.longValueExact(), nanos);
      }
    } catch (ArithmeticException | NumberFormatException | DateTimeException e) {
      // told below
    }
    throw new ArchiveException("tar is damaged: pax record " + key + " is '" + text + "'");
  }

  /** Offsets and lengths of sparse form 0.0, alternating. */
  List<Long> extents() {
    return extents;
  }

  Map<String, byte[]> xattrs() throws ArchiveException {
    Map<String, byte[]> found = new LinkedHashMap<>();
    for (Map.Entry<String, byte[]> one : records.entrySet()) {
      String key = one.getKey();
      if (key.startsWith(XATTR)) {
        found.put(key.substring(XATTR.length()), one.getValue());
      } else if (key.startsWith(XATTR_BASE64)) {
        try {
          String name =
              java.net.URLDecoder.decode(
                  key.substring(XATTR_BASE64.length()).replace("+", "%2B"), StandardCharsets.UTF_8);
          // libarchive leaves the padding out; so may Java's decoder.
          String text = new String(one.getValue(), StandardCharsets.ISO_8859_1).replace("\n", "");
          found.putIfAbsent(name, Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException e) {
          throw new ArchiveException("tar is damaged: pax record " + key, e);
        }
      }
    }
    return found;
  }
}
