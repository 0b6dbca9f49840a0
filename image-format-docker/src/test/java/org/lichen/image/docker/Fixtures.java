package org.lichen.image.docker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.Digest;
import org.lichen.testkit.Needs;

/** Images for tests: the real ones of the fixtures, and small ones that are made here. */
final class Fixtures {
  static final String GLIBC = "busybox-glibc-amd64.oci";
  static final String MUSL = "busybox-musl-amd64.oci";
  static final String ARM = "busybox-glibc-arm64.oci";

  private Fixtures() {}

  /** The skopeo name of a fixture. */
  static String oci(String fixture) throws IOException {
    Path layout = Needs.fixture(fixture);
    String index = Files.readString(layout.resolve("index.json"));
    String ref = index.replaceAll("(?s).*ref\\.name\": \"([^\"]+)\".*", "$1");
    return "oci:" + layout + ":" + ref;
  }

  static void copy(String from, String to, String... options)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(Needs.program("skopeo").toString(), "--insecure-policy", "copy", "--quiet"));
    command.addAll(List.of(options));
    command.addAll(List.of(from, to));
    Needs.output(command.toArray(String[]::new));
  }

  /** A tar of a directory's content, as {@code tar} makes it. */
  static Path tar(Path directory, Path file, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("tar", "-cf", file.toString()));
    command.addAll(List.of(options));
    command.addAll(List.of("-C", directory.toString(), "."));
    Needs.output(command.toArray(String[]::new));
    return file;
  }

  /** A layer with one small file. */
  static byte[] layer(String name, String content) {
    byte[] data = content.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    tar.writeBytes(header(name, data.length, '0', ""));
    tar.writeBytes(java.util.Arrays.copyOf(data, (data.length + 511) / 512 * 512));
    tar.writeBytes(new byte[1024]);
    return tar.toByteArray();
  }

  static byte[] header(String name, long size, char type, String link) {
    byte[] header = new byte[512];
    put(header, 0, name);
    put(header, 100, "0000644");
    put(header, 108, "0000000");
    put(header, 116, "0000000");
    put(header, 124, "%011o".formatted(size));
    put(header, 136, "00000000000");
    put(header, 148, "        ");
    header[156] = (byte) type;
    put(header, 157, link);
    put(header, 257, "ustar");
    put(header, 263, "00");
    int sum = 0;
    for (byte each : header) {
      sum += each & 0xff;
    }
    put(header, 148, "%06o\0 ".formatted(sum));
    return header;
  }

  private static void put(byte[] into, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(bytes, 0, into, at, bytes.length);
  }

  static String config(String architecture, Digest... diffIds) {
    List<String> quoted = new ArrayList<>();
    for (Digest each : diffIds) {
      quoted.add("\"" + each + "\"");
    }
    return "{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"/x\"]},"
            .formatted(architecture)
        + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
        + String.join(",", quoted)
        + "]}}";
  }

  /** An OCI layout under construction. */
  static final class Layout {
    private final Path directory;
    private final List<String> manifests = new ArrayList<>();

    Layout(Path directory) throws IOException {
      this.directory = directory;
      Files.createDirectories(directory.resolve("blobs/sha256"));
      Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    }

    Path directory() {
      return directory;
    }

    String blob(String mediaType, byte[] content) throws IOException {
      Digest digest = Digest.of(content);
      Files.write(directory.resolve("blobs/sha256").resolve(digest.hex()), content);
      return "\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d"
          .formatted(mediaType, digest, content.length);
    }

    /** Adds an image of layers; {@code more} goes into its descriptor. */
    Layout image(String architecture, String more, byte[]... layers) throws IOException {
      List<String> descriptors = new ArrayList<>();
      List<Digest> diffIds = new ArrayList<>();
      for (byte[] each : layers) {
        descriptors.add("{" + blob("application/vnd.oci.image.layer.v1.tar", each) + "}");
        diffIds.add(Digest.of(each));
      }
      String config =
          blob(
              "application/vnd.oci.image.config.v1+json",
              Fixtures.config(architecture, diffIds.toArray(Digest[]::new))
                  .getBytes(StandardCharsets.UTF_8));
      String manifest =
          "{\"schemaVersion\":2,\"config\":{"
              + config
              + "},\"layers\":["
              + String.join(",", descriptors)
              + "]}";
      return manifest(
          "application/vnd.oci.image.manifest.v1+json",
          manifest.getBytes(StandardCharsets.UTF_8),
          more);
    }

    Layout manifest(String mediaType, byte[] content, String more) throws IOException {
      manifests.add("{" + blob(mediaType, content) + more + "}");
      return index("{\"schemaVersion\":2,\"manifests\":[" + String.join(",", manifests) + "]}");
    }

    Layout index(String json) throws IOException {
      Files.writeString(directory.resolve("index.json"), json);
      return this;
    }
  }

  /** A part of a descriptor: its annotations. */
  static String named(String ref, String containerd) {
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put("org.opencontainers.image.ref.name", ref);
    annotations.put("io.containerd.image.name", containerd);
    List<String> parts = new ArrayList<>();
    annotations.forEach(
        (key, value) -> {
          if (!value.isEmpty()) {
            parts.add("\"" + key + "\":\"" + value + "\"");
          }
        });
    return ",\"annotations\":{" + String.join(",", parts) + "}";
  }
}
