package org.lichen.image.docker.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.image.Platform;

/** Documents that a registry should never give, and what is said of each. */
class DocumentTest {
  private static final String DIGEST = "sha256:" + "a".repeat(64);
  private static final String CONFIG =
      "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\""
          + DIGEST
          + "\",\"size\":1}";

  private static ContainerException refused(String json, String declared) {
    try {
      Document.parse(json.getBytes(StandardCharsets.UTF_8), declared, new Origin("manifest", "x"));
    } catch (ContainerException expected) {
      return expected;
    }
    throw new AssertionError("accepted: " + json);
  }

  private static String layer(String fields) {
    return "{\"schemaVersion\":2," + CONFIG + ",\"layers\":[{" + fields + "}]}";
  }

  @Test
  void parse_damaged_saysWhichFieldAndWhy() {
    Map<String, String> table = new LinkedHashMap<>();
    table.put("", "the document is missing");
    table.put("[]", "the document is not an object");
    table.put("{", "not valid JSON");
    table.put("{} {}", "not valid JSON");
    table.put("[".repeat(100_000), "not valid JSON");
    table.put("{\"a\":".repeat(1000), "not valid JSON");
    table.put("{\"schemaVersion\":2,\"schemaVersion\":2}", "not valid JSON");
    table.put("[" + "[],".repeat(900_000) + "1]", "not valid JSON");
    table.put("{}", "schemaVersion is not 2");
    table.put("{\"schemaVersion\":\"2\"}", "schemaVersion is not a number");
    table.put("{\"schemaVersion\":2}", "config is missing");
    table.put("{\"schemaVersion\":2,\"config\":[]}", "config is not an object");
    table.put("{\"schemaVersion\":2,\"config\":{}}", "config.digest is missing");
    table.put("{\"schemaVersion\":2,\"config\":{\"digest\":1}}", "config.digest is not a string");
    table.put("{\"schemaVersion\":2,\"config\":{\"digest\":\"md5:1\"}}", "config.digest");
    table.put(
        "{\"schemaVersion\":2,\"config\":{\"digest\":\"" + DIGEST + "\",\"size\":-1}}",
        "config.size is not a number of bytes");
    table.put(
        "{\"schemaVersion\":2,\"config\":{\"digest\":\"" + DIGEST + "\",\"size\":1e99}}",
        "config.size is not a number of bytes");
    table.put("{\"schemaVersion\":2," + CONFIG + ",\"layers\":{}}", "layers is not a list");
    table.put(layer("\"digest\":\"../../x\""), "layers[0].digest");
    table.put(
        layer("\"digest\":\"" + DIGEST + "\",\"size\":1,\"annotations\":{\"a\":[]}"),
        "layers[0].annotations.a is not a string");
    table.put(
        "{\"schemaVersion\":2,\"manifests\":[]," + CONFIG + "}", "a manifest and an index at once");
    table.put("{\"schemaVersion\":2,\"manifests\":[1]}", "manifests[0] is not an object");
    table.put(
        "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\""
            + DIGEST
            + "\",\"size\":1,\"platform\":1}]}",
        "manifests[0].platform is not an object");
    table.forEach(
        (json, why) -> {
          ContainerException failure = refused(json, "");
          assertThat(failure.kind()).isEqualTo(Kind.CORRUPT);
          assertThat(failure).hasMessageStartingWith("cannot read manifest (x): ");
          assertThat(failure).hasMessageContaining(why);
          assertThat(failure.getMessage()).hasSizeLessThan(400);
        });
  }

  @Test
  void parse_unknownKinds_areNamed() {
    Map<String, String> table = new LinkedHashMap<>();
    table.put("{\"schemaVersion\":1}", "schema 1");
    table.put(
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker.distribution.manifest.v1+json\"}",
        "manifest.v1+json");
    table.put("{\"schemaVersion\":2,\"mediaType\":\"text/plain\"}", "text/plain");
    table.put(
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.cncf.helm.config.v1+json\",\"digest\":\""
            + DIGEST
            + "\",\"size\":1},\"layers\":[]}",
        "helm");
    table.put(
        layer(
            "\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip+encrypted\",\"digest\":\""
                + DIGEST
                + "\",\"size\":1"),
        "encrypted");
    table.forEach(
        (json, why) -> {
          ContainerException failure = refused(json, "");
          assertThat(failure.kind()).isEqualTo(Kind.UNSUPPORTED);
          assertThat(failure).hasMessageContaining(why);
        });
  }

  @Test
  void parse_otherKindThanAnnounced_isRefused() {
    String manifest =
        "{\"schemaVersion\":2,\"mediaType\":\""
            + MediaTypes.OCI_MANIFEST
            + "\","
            + CONFIG
            + ",\"layers\":[]}";
    assertThat(refused(manifest, MediaTypes.OCI_INDEX)).hasMessageContaining("announced");
  }

  @Test
  void platforms_bestIsTheExactOneThenTheOneForAll() {
    java.util.List<Platform> offers =
        java.util.stream.Stream.of("linux/amd64/v3", "linux/amd64", "linux/arm64/v8")
            .map(Platform::parse)
            .toList();
    assertThat(Platforms.best(Platform.parse("linux/amd64"), offers, p -> p))
        .contains(Platform.parse("linux/amd64"));
    assertThat(Platforms.best(Platform.parse("linux/amd64/v3"), offers, p -> p))
        .contains(Platform.parse("linux/amd64/v3"));
    assertThat(Platforms.best(Platform.parse("linux/arm64"), offers, p -> p))
        .contains(Platform.parse("linux/arm64/v8"));
    assertThat(Platforms.best(Platform.parse("linux/riscv64"), offers, p -> p)).isEmpty();
  }
}
