package org.lichen.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Layers that want to do harm. Each is unpacked below {@code ROOT/…} while {@code ROOT/outside} is
 * watched: whatever an unpacker makes of it, nothing outside of its directory may change.
 */
public final class HostileArchives {
  private HostileArchives() {}

  /** {@code refused}: what the error must say; empty if the archive is harmless when contained. */
  public record Hostile(String what, byte[] tar, String refused) {
    @Override
    public String toString() {
      return what;
    }
  }

  /** All of them; {@code outside} is a directory of the host that holds a file {@code kept}. */
  public static List<Hostile> all(Path outside) {
    String out = outside.toString();
    String up = "../".repeat(20) + out.substring(1);
    List<Hostile> all = new ArrayList<>();
    paths(all, out, up);
    links(all, out, up);
    whiteouts(all);
    nodes(all);
    sizes(all);
    return all;
  }

  private static void paths(List<Hostile> all, String out, String up) {
    refused(all, "dots", new RawTar().file(up + "/evil", "x"), "'" + up + "/evil'");
    refused(all, "dots inside", new RawTar().file("a/../b", "x"), "'a/../b'");
    contained(all, "absolute", new RawTar().file(out + "/evil", "x"));
    contained(all, "many slashes", new RawTar().file("///" + out + "//./evil", "x"));
    refused(all, "name of 256 bytes", new RawTar().file("n".repeat(256), "x"), "256 bytes");
    contained(all, "name of 255 bytes", new RawTar().file("n".repeat(255), "x"));
    refused(all, "path of 5000 bytes", new RawTar().file("p/".repeat(2500), "x"), "too long");
    contained(all, "deep path", new RawTar().file("p/".repeat(1500) + "x", "x"));
    refused(all, "NUL in a path", new RawTar().pax("path", "a\0b").file("c", "x"), "NUL");
    refused(all, "root is a file", new RawTar().file("./", "x"), "root");
    contained(all, "empty path", new RawTar().directory(""));
    refused(all, "below a file", new RawTar().file("f", "x").file("f/g", "x"), "'f/g'");
    contained(all, "names that are not text", new RawTar().file("\u00ff\u00fe\n\"\\", "x"));
  }

  private static void links(List<Hostile> all, String out, String up) {
    contained(all, "write through a link", new RawTar().symlink("l", out).file("l/evil", "x"));
    contained(all, "write through dots", new RawTar().symlink("l", up).file("l/evil", "x"));
    contained(
        all, "replace through a link", new RawTar().symlink("l", out + "/kept").file("l", "x"));
    contained(
        all, "two links", new RawTar().symlink("a", "b").symlink("b", out).file("a/evil", "x"));
    refused(
        all,
        "loop of links",
        new RawTar().symlink("a", "b").symlink("b", "a").file("a/x", "x"),
        "'a/x'");
    contained(all, "directory over a link", new RawTar().symlink("d", out).directory("d", 0700));
    contained(
        all,
        "link over a directory",
        new RawTar().directory("d").file("d/x", "x").symlink("d", out).file("d/evil", "x"));
    refused(all, "hard link outside", new RawTar().hardlink("h", out + "/kept"), "'h'");
    refused(all, "hard link by dots", new RawTar().hardlink("h", up + "/kept"), "'h'");
    refused(
        all,
        "hard link through a link",
        new RawTar().symlink("l", out).hardlink("h", "l/kept"),
        "'h'");
    contained(
        all,
        "hard link to a link, then written",
        new RawTar().symlink("l", out + "/kept").hardlink("h", "l").file("h", "x"));
    refused(
        all,
        "hard link to a directory",
        new RawTar().directory("d").hardlink("h", "d"),
        "directory");
    refused(all, "link to nothing", new RawTar().symlink("l", ""), "'l'");
    contained(
        all, "link into /proc", new RawTar().symlink("p", "/proc/self/cwd").file("p/evil", "x"));
  }

  private static void whiteouts(List<Hostile> all) {
    refused(all, "whiteout of dots", new RawTar().file(".wh...", ""), "'.wh...'");
    refused(all, "whiteout of dot", new RawTar().file(".wh..", ""), "'.wh..'");
    refused(all, "whiteout of nothing", new RawTar().file("a/.wh.", ""), "'a/.wh.'");
    refused(all, "below a whiteout", new RawTar().file(".wh.d/x", "x"), "'.wh.d/x'");
    refused(
        all,
        "hard link to a whiteout",
        new RawTar().file(".wh.a", "").hardlink("h", ".wh.a"),
        "'h'");
    refused(
        all,
        "hard link to what is absent",
        new RawTar().file(".wh.a", "").hardlink("h", "a"),
        "'h'");
    contained(all, "whiteout through a link", new RawTar().symlink("l", "/").file("l/.wh.x", ""));
    contained(all, "opaque root", new RawTar().file(".wh..wh..opq", ""));
    contained(
        all,
        "attributes of overlayfs",
        new RawTar()
            .pax("SCHILY.xattr.user.overlay.redirect", "/etc")
            .directory("d")
            .pax("SCHILY.xattr.user.overlay.opaque", "y")
            .directory("e"));
  }

  private static void nodes(List<Hostile> all) {
    contained(all, "devices", new RawTar().node("c", '3').node("b", '4').node("f", '6'));
    contained(all, "device 0:0", new RawTar().file("x", "x").node("x", '3'));
    contained(all, "setuid", new RawTar().file("su", 06755, new byte[] {1}));
    contained(all, "modes of 0", new RawTar().directory("d", 0).file("d/f", 0, new byte[] {1}));
    refused(all, "unknown type", new RawTar().node("u", 'M'), "'u'");
  }

  private static void sizes(List<Hostile> all) {
    byte[] some = {1, 2, 3};
    refused(
        all,
        "size larger than content",
        new RawTar().entry("f", '0', 0644, "", 1L << 30, some),
        "cut off");
    refused(all, "negative size", new RawTar().pax("size", "-1").file("f", "x"), "size");
    refused(
        all, "size beyond all", new RawTar().pax("size", "9223372036854775807").file("f", "x"), "");
    refused(
        all,
        "extended header of a gigabyte",
        new RawTar().entry("x", 'x', 0644, "", 1L << 30, some),
        "extended header");
    contained(
        all,
        "sparse file of a petabyte's half",
        new RawTar()
            .pax("GNU.sparse.map", "0,3")
            .pax("GNU.sparse.size", "10995116277760")
            .file("s", 0644, some));
    refused(
        all,
        "holes that overlap",
        new RawTar()
            .pax("GNU.sparse.map", "0,2,1,1")
            .pax("GNU.sparse.size", "100")
            .file("s", 0644, some),
        "'s'");
    refused(
        all,
        "holes beyond the end",
        new RawTar()
            .pax("GNU.sparse.map", "0,1,98,2")
            .pax("GNU.sparse.size", "99")
            .file("s", 0644, some),
        "'s'");
  }

  private static void refused(List<Hostile> all, String what, RawTar tar, String why) {
    all.add(new Hostile(what, tar.bytes(), why.isEmpty() ? " " : why));
  }

  private static void contained(List<Hostile> all, String what, RawTar tar) {
    all.add(new Hostile(what, tar.bytes(), ""));
  }

  /** A harmless layer, cut off after each of its bytes in turn but where a tar may end. */
  public static List<byte[]> truncated() {
    byte[] whole = new RawTar().file("a", "x".repeat(700)).directory("d").unfinished();
    List<byte[]> cut = new ArrayList<>();
    for (int length = 1; length < whole.length; length++) {
      if (length != 3 * 512 && length != 512 + 700) { // where an entry is whole
        cut.add(Arrays.copyOf(whole, length));
      }
    }
    return cut;
  }
}
