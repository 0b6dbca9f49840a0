package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lichen.api.image.Entry;
import org.lichen.testkit.Needs;

/** What is in a squashfs, one line for each path, as we read it and as unsquashfs does. */
final class Listed {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm");

  /** {@code -rw-r--r-- 0/0 19 2022-03-29 20:09:18 squashfs-root/hello.txt -> target}. */
  private static final Pattern LINE =
      Pattern.compile(
          "(\\S{10}) (\\d+)/(\\d+) +(\\d+|\\d+, *\\d+) (\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d)"
              + " squashfs-root/?(.*)");

  private Listed() {}

  static Squashfs open(Path image) throws IOException {
    FileChannel file = FileChannel.open(image, StandardOpenOption.READ);
    return new Squashfs(file, 0, file.size());
  }

  static Map<String, String> ours(Path image) throws Exception {
    try (Squashfs from = open(image);
        SquashEntries entries = new SquashEntries(from, Limits.usual(from.size()))) {
      return ours(entries);
    }
  }

  static Map<String, String> ours(SquashEntries entries) throws Exception {
    Map<String, String> all = new TreeMap<>();
    for (Optional<Entry> next = entries.next(); next.isPresent(); next = entries.next()) {
      Entry entry = next.get();
      String path = new String(entry.path(), StandardCharsets.UTF_8);
      String line;
      if (entry.type() == Entry.Type.HARDLINK) {
        line = all.get(new String(entry.link(), StandardCharsets.UTF_8));
      } else {
        line = line(entry);
      }
      if (all.put(path.equals(".") ? "" : path, line) != null) {
        throw new IOException("twice: " + path);
      }
    }
    return all;
  }

  private static String line(Entry entry) throws Exception {
    String shown =
        switch (entry.type()) {
          case FILE -> entry.size() + " " + digest(entry);
          case SYMLINK -> "-> " + new String(entry.link(), StandardCharsets.UTF_8);
          case CHARACTER_DEVICE, BLOCK_DEVICE -> entry.deviceMajor() + "," + entry.deviceMinor();
          default -> "";
        };
    StringBuilder attributes = new StringBuilder();
    new TreeMap<>(entry.xattrs())
        .forEach((k, v) -> attributes.append(' ').append(k).append('=').append(hex(v)));
    return String.format(
        "%s %s %d/%d %s %s%s",
        letter(entry.type()),
        Integer.toOctalString(entry.mode()),
        entry.uid(),
        entry.gid(),
        TIME.format(LocalDateTime.ofInstant(entry.modified(), ZoneOffset.UTC))
            + seconds(letter(entry.type()), entry.modified()),
        shown,
        attributes);
  }

  /** Only what an unprivileged user can unpack is compared to the second. */
  private static String seconds(char type, Path file) throws IOException {
    return "-dl".indexOf(type) < 0
        ? ""
        : seconds(type, Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant());
  }

  private static String seconds(char type, Instant time) {
    return "-dl".indexOf(type) < 0 ? "" : ":" + time.getEpochSecond() % 60;
  }

  private static char letter(Entry.Type type) {
    return switch (type) {
      case FILE, HARDLINK -> '-';
      case DIRECTORY -> 'd';
      case SYMLINK -> 'l';
      case CHARACTER_DEVICE -> 'c';
      case BLOCK_DEVICE -> 'b';
      case FIFO -> 'p';
      case SOCKET -> 's';
    };
  }

  /** Of the whole file, holes as zeros. */
  private static String digest(Entry entry) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    long at = 0;
    for (Entry.Extent extent : entry.extents()) {
      zeros(digest, extent.offset() - at);
      ByteBuffer part = ByteBuffer.allocate(50_000); // not a divisor of anything
      long left = extent.length();
      while (left > 0) {
        part.clear().limit((int) Math.min(part.capacity(), left));
        if (entry.content().read(part) < 0) {
          throw new IOException("cut off");
        }
        left -= part.flip().remaining();
        digest.update(part);
      }
      at = extent.offset() + extent.length();
    }
    zeros(digest, entry.size() - at);
    if (entry.content().read(ByteBuffer.allocate(1)) > 0) {
      throw new IOException("more than it says");
    }
    return hex(digest.digest());
  }

  private static void zeros(MessageDigest digest, long count) {
    byte[] zeros = new byte[1 << 16];
    for (long left = count; left > 0; left -= zeros.length) {
      digest.update(zeros, 0, (int) Math.min(left, zeros.length));
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  /** By unsquashfs's list alone, of an image of whole minutes with neither files nor links. */
  static Map<String, String> theirs(Path image) throws Exception {
    Map<String, String> all = new TreeMap<>();
    String program = Needs.program("unsquashfs").toString();
    String list = Needs.output(program, "-no-progress", "-UTC", "-lln", image.toString());
    for (String line : list.split("\n", -1)) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.matches()) {
        String mode = matcher.group(1);
        String owners = matcher.group(2) + "/" + matcher.group(3);
        String shown = mode.charAt(0) + " " + octal(mode) + " " + owners + " " + matcher.group(5);
        all.put(matcher.group(6), mode.charAt(0) == 'd' ? shown + ":0 " : shown + " ");
      }
    }
    return all;
  }

  /** The same by unsquashfs: its list, and the content of what it unpacks. */
  static Map<String, String> theirs(Path image, Path into) throws Exception {
    String program = Needs.program("unsquashfs").toString();
    Needs.output(
        "sh",
        "-c",
        "umask 0; '"
            + program
            + "' -no-progress -data-queue 16 -frag-queue 16 -q -no-exit-code -user-xattrs -f -d '"
            + into
            + "' '"
            + image
            + "' >/dev/null 2>&1; chmod -R u+rwX '"
            + into
            + "'");
    Map<String, String> all = new TreeMap<>();
    String list = Needs.output(program, "-no-progress", "-UTC", "-lln", image.toString());
    for (String line : list.split("\n", -1)) {
      Matcher matcher = LINE.matcher(line);
      if (!matcher.matches()) {
        continue;
      }
      String path = matcher.group(6);
      String shown = "";
      char type = matcher.group(1).charAt(0);
      if (type == 'l') {
        shown = path.substring(path.indexOf(" -> ") + 1);
        path = path.substring(0, path.indexOf(" -> "));
      } else if (type == '-') {
        shown = matcher.group(4) + " " + digest(into.resolve(path));
      } else if (type == 'c' || type == 'b') {
        shown = matcher.group(4).replace(" ", "");
      }
      all.put(
          path,
          String.format(
              "%s %s %s/%s %s %s%s",
              type,
              octal(matcher.group(1)),
              matcher.group(2),
              matcher.group(3),
              matcher.group(5) + seconds(type, into.resolve(path)),
              shown,
              type == '-' ? attributes(into.resolve(path)) : ""));
    }
    return all;
  }

  static String digest(byte[] content) throws Exception {
    return hex(MessageDigest.getInstance("SHA-256").digest(content));
  }

  private static String digest(Path file) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    byte[] part = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int got = in.read(part); got >= 0; got = in.read(part)) {
        digest.update(part, 0, got);
      }
    }
    return hex(digest.digest());
  }

  private static String attributes(Path file) throws IOException {
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(
            file, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    StringBuilder all = new StringBuilder();
    for (String name : view.list().stream().sorted().toList()) {
      ByteBuffer value = ByteBuffer.allocate(view.size(name));
      view.read(name, value);
      all.append(" user.").append(name).append('=').append(hex(value.array()));
    }
    return all.toString();
  }

  /** {@code rwsr-xr-t} as octal digits. */
  private static String octal(String mode) {
    int bits = 0;
    for (int i = 1; i < 10; i++) {
      char c = mode.charAt(i);
      if ("rwxst".indexOf(c) >= 0) {
        bits |= 1 << (9 - i);
      }
      if ("sStT".indexOf(c) >= 0) {
        bits |= i == 3 ? 04000 : i == 6 ? 02000 : 01000;
      }
    }
    return Integer.toOctalString(bits);
  }
}
