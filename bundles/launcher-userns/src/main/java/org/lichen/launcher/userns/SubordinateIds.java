package org.lichen.launcher.userns;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lichen.api.Digest;

/**
 * The ids that /etc/subuid and /etc/subgid grant to the user of this process (subuid(5)), as maps
 * of a container: its root is the user, 1 and above are the granted ids.
 */
record SubordinateIds(List<String> uidMap, List<String> gidMap) {
  private static final int KEY_DIGITS = 12;

  static SubordinateIds ofThisUser() {
    return of(Path.of("/etc"), System.getProperty("user.name", ""), id("uid"), id("gid"));
  }

  static SubordinateIds of(Path etc, String name, long uid, long gid) {
    return new SubordinateIds(
        map(etc.resolve("subuid"), name, uid, uid), map(etc.resolve("subgid"), name, uid, gid));
  }

  /** As {@code lichen-userns} takes them for trees: pairs of a uid map and a gid map. */
  List<String> pairs() {
    List<String> arguments = new ArrayList<>();
    for (int i = 0; i < Math.min(uidMap.size(), gidMap.size()); i++) {
      arguments.add(uidMap.get(i));
      arguments.add(gidMap.get(i));
    }
    return arguments;
  }

  /** The same for the same maps: names what was made under them. */
  String key() {
    String maps = String.join(",", uidMap) + ";" + String.join(",", gidMap);
    return Digest.of(maps.getBytes(StandardCharsets.US_ASCII)).hex().substring(0, KEY_DIGITS);
  }

  private static long id(String which) {
    try {
      return ((Number) Files.getAttribute(Path.of("/proc/self"), "unix:" + which)).longValue();
    } catch (IOException | UnsupportedOperationException e) {
      throw new IllegalStateException("cannot tell our own " + which, e);
    }
  }

  private static List<String> map(Path file, String name, long uid, long root) {
    List<String> map = new ArrayList<>(List.of("0 " + root + " 1"));
    long inside = 1;
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
        String[] fields = line.split(":", -1);
        boolean ours =
            fields.length == 3
                && (fields[0].equals(name) || fields[0].equals(Long.toString(uid)))
                && fields[1].matches("[0-9]{1,10}")
                && fields[2].matches("[0-9]{1,10}");
        if (ours) {
          map.add(inside + " " + fields[1] + " " + fields[2]);
          inside += Long.parseLong(fields[2]);
        }
      }
    } catch (IOException none) {
      return map; // then there are none
    }
    return map;
  }
}
