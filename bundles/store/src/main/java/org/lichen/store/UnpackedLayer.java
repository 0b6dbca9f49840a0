package org.lichen.store;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.archive.JsonText;
import org.lichen.posix.Bytes;
import org.lichen.posix.Directory;
import org.lichen.posix.FileStatus;
import org.lichen.posix.InRoot;

/** Compares an unpacked layer with its index. */
final class UnpackedLayer {
  private final Path path;

  UnpackedLayer(Path path) {
    this.path = path;
  }

  /** What is wrong with it: nothing, mostly. Only with {@code files} is every file looked at. */
  List<String> problems(boolean files) throws IOException, ContainerException {
    Map<String, Map<String, Object>> entries = new LinkedHashMap<>();
    boolean whole = false;
    try (BufferedReader index =
        Files.newBufferedReader(path.resolve(Places.INDEX), StandardCharsets.UTF_8)) {
      String line = index.readLine();
      while (line != null) {
        Map<String, Object> entry =
            Json.read(line.getBytes(StandardCharsets.UTF_8), "layer index (" + path + ")");
        whole = entry.containsKey("entries");
        add(entry, entries);
        line = index.readLine();
      }
    }
    if (!whole) {
      return List.of("its index is cut off");
    }
    return files ? compare(entries) : List.of();
  }

  private static void add(Map<String, Object> entry, Map<String, Map<String, Object>> to) {
    String path = Json.text(entry, "path");
    switch (Json.text(entry, "type")) {
      case "" -> {}
      case "opaque" -> {}
      case "replaced" -> to.keySet().removeIf(p -> p.equals(path) || p.startsWith(path + "/"));
      default -> to.put(path, entry);
    }
  }

  private List<String> compare(Map<String, Map<String, Object>> entries) throws IOException {
    List<String> problems = new ArrayList<>();
    try (Directory root = Directory.open(path.resolve(Places.FILES))) {
      InRoot inRoot = new InRoot(root);
      for (Map.Entry<String, Map<String, Object>> one : entries.entrySet()) {
        byte[] name = JsonText.bytes(one.getKey());
        String type = Json.text(one.getValue(), "type");
        if (name.length == 0 || type.equals("whiteout")) {
          continue;
        }
        Optional<FileStatus> status = find(inRoot, name);
        if (status.isEmpty()) {
          problems.add("file '" + Bytes.shown(name) + "' is missing");
        } else if (type.equals("file")
            && status.get().size() != Json.number(one.getValue(), "size")) {
          problems.add("file '" + Bytes.shown(name) + "' has " + status.get().size() + " bytes");
        }
      }
    }
    return problems;
  }

  private static Optional<FileStatus> find(InRoot root, byte[] path) throws IOException {
    int slash = path.length;
    while (slash > 0 && path[slash - 1] != '/') {
      slash--;
    }
    byte[] parent = java.util.Arrays.copyOf(path, Math.max(0, slash - 1));
    byte[] name = java.util.Arrays.copyOfRange(path, slash, path.length);
    try (Directory in = root.open(parent)) {
      return in.find(name);
    } catch (org.lichen.posix.PosixException e) {
      return Optional.empty();
    }
  }
}
