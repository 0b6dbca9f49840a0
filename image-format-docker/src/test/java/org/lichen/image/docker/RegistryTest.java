package org.lichen.image.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.image.Image;
import org.lichen.api.image.Platform;
import org.lichen.api.image.ReadOptions;
import org.lichen.testkit.FakeProgress;
import org.lichen.testkit.FakeSource;
import org.lichen.testkit.FaultProxy;
import org.lichen.testkit.Needs;
import org.lichen.testkit.RealRegistry;
import org.lichen.testkit.TestCa;
import org.lichen.testkit.TokenServer;

/** Pulls from real registries: plain, with a password, with tokens, with TLS. */
@SuppressWarnings("NullAway.Init")
class RegistryTest {
  @TempDir static Path shared;
  static TestCa ca;
  static RealRegistry plain;
  static RealRegistry basic;
  static RealRegistry secure;
  static RealRegistry token;
  static TokenServer tokens;

  @TempDir Path directory;

  @BeforeAll
  static void start() throws Exception {
    Needs.fixture(Fixtures.GLIBC);
    ca = TestCa.in(shared.resolve("ca"));
    plain = RealRegistry.in(shared.resolve("plain")).start();
    // First, or skopeo would find the layer there and use it as it is.
    plain.push(
        Fixtures.oci(Fixtures.GLIBC), "box:zstd", "--dest-compress-format", "zstd", "-f", "oci");
    plain.push(Fixtures.oci(Fixtures.GLIBC), "box:glibc");
    plain.push(Fixtures.oci(Fixtures.GLIBC), "other/box:same");
    plain.push(Fixtures.oci(Fixtures.GLIBC), "box:v2s2", "-f", "v2s2");
    plain.push(Fixtures.oci(Fixtures.ARM), "box:arm");
    basic = RealRegistry.in(shared.resolve("basic")).basic("fritz", "s3cret").start();
    basic.push(Fixtures.oci(Fixtures.MUSL), "box:1");
    secure = RealRegistry.in(shared.resolve("secure")).tls(ca).start();
    secure.push(Fixtures.oci(Fixtures.MUSL), "box:1");
    tokens = TokenServer.start(ca, "fritz", "s3cret");
    token = RealRegistry.in(shared.resolve("token")).tokens(tokens, "fritz", "s3cret").start();
    token.push(Fixtures.oci(Fixtures.MUSL), "team/box:1");
  }

  @AfterAll
  static void stop() {
    for (AutoCloseable each : new AutoCloseable[] {plain, basic, secure, token, tokens}) {
      try {
        if (each != null) {
          each.close();
        }
      } catch (Exception late) {
        throw new IllegalStateException(late);
      }
    }
  }

  private static String digest(String fixture) throws IOException {
    String index = Files.readString(Needs.fixture(fixture).resolve("index.json"));
    return index.replaceAll("(?s).*\"digest\": \"([^\"]+)\".*", "$1");
  }

  private Path auth(String host, String json) throws IOException {
    return Files.writeString(
        directory.resolve("auth.json"), "{\"auths\":{\"" + host + "\":" + json + "}}");
  }

  private static String password(String user, String password) {
    byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    return "{\"auth\":\"" + Base64.getEncoder().encodeToString(both) + "\"}";
  }

  @Test
  void pull_byTag_givesTheImageAsItIs() throws Exception {
    Pull pull = Pull.in(directory);
    Image image = pull.image(plain.host() + "/box:glibc");
    assertThat(image.manifest()).hasToString(digest(Fixtures.GLIBC));
    assertThat(image.config().command()).containsExactly("sh");
    assertThat(image.layers()).hasSize(1);
    FakeProgress.FakeTask task = pull.request.progress().tasks().get(0);
    assertThat(task.what()).isEqualTo(image.layers().get(0).digest().brief());
    assertThat(task.total()).hasValue(image.layers().get(0).size());
    assertThat(task.units()).isEqualTo(image.layers().get(0).size());
    assertThat(task.notes()).containsExactly("waiting", "downloading", "unpacking", "done");
    assertThat(task.closed()).isTrue();
  }

  @Test
  void pull_byDigest_givesThatImageAndName() throws Exception {
    Pull pull = Pull.in(directory);
    String name = plain.host() + "/box@" + digest(Fixtures.GLIBC);
    assertThat(pull.images(FakeSource.registry(name)).get(0).names())
        .singleElement()
        .hasToString(name);
  }

  @Test
  void pull_secondTagOfTheSameLayers_fetchesNoLayer() throws Exception {
    try (FaultProxy proxy = FaultProxy.before(plain.uri())) {
      Pull pull = Pull.in(directory);
      Image image = pull.image(proxy.host() + "/box:glibc");
      pull.image(proxy.host() + "/other/box:same");
      assertThat(proxy.seen("/blobs/" + image.layers().get(0).digest())).hasSize(1);
      assertThat(pull.request.progress().tasks().get(1).notes())
          .containsExactly("waiting", "already there");
    }
  }

  @Test
  void pull_zstdAndDockerManifests_areTheSameFiles() throws Exception {
    Pull pull = Pull.in(directory);
    Image gzip = pull.image(plain.host() + "/box:glibc");
    for (String tag : List.of("zstd", "v2s2")) {
      Image other = Pull.in(directory.resolve(tag)).image(plain.host() + "/box:" + tag);
      assertThat(other.layers().get(0).diffId()).isEqualTo(gzip.layers().get(0).diffId());
      assertThat(other.layers().get(0).mediaType())
          .contains(tag.equals("zstd") ? "zstd" : "docker");
    }
  }

  @Test
  void pull_foreignPlatform_isRefusedBeforeLayersAreFetched() throws Exception {
    try (FaultProxy proxy = FaultProxy.before(plain.uri())) {
      Pull pull = Pull.in(directory);
      String name = proxy.host() + "/box:arm";
      assertThatThrownBy(() -> pull.image(name))
          .hasMessage("no image for linux/amd64 (" + name + "): it has linux/arm64/v8");
      assertThat(proxy.seen("/blobs/")).hasSize(1); // the configuration
    }
  }

  @Test
  void pull_wantedForeignPlatform_isFetched() throws Exception {
    Pull pull = Pull.in(directory);
    pull.options = new ReadOptions(Optional.of(Platform.parse("linux/arm64")), false, Map.of());
    assertThat(pull.image(plain.host() + "/box:arm").platform()).hasToString("linux/arm64/v8");
  }

  @Test
  void pull_unknownTagOrName_isNotFound() throws Exception {
    Pull pull = Pull.in(directory);
    for (String name : List.of("/box:nope", "/nobody/nothing:1")) {
      assertThatThrownBy(() -> pull.image(plain.host() + name))
          .isInstanceOfSatisfying(
              ContainerException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND))
          .hasMessageContaining("no such image (" + plain.host() + name + ")");
    }
  }

  @Test
  void pull_nobodyListens_saysWhoAndWhy() throws Exception {
    assertThatThrownBy(() -> Pull.in(directory).image("127.0.0.1:1/box"))
        .hasMessage("cannot reach registry (127.0.0.1:1): connection refused");
    assertThatThrownBy(() -> Pull.in(directory).image("no-such-host.invalid/box"))
        .hasMessage("cannot reach registry (no-such-host.invalid): its name cannot be resolved");
  }

  @Test
  void pull_basic_usesTheLoginOfPodmanOrDocker() throws Exception {
    Pull pull = Pull.in(directory);
    assertThatThrownBy(() -> pull.image(basic.host() + "/box:1"))
        .hasMessageContaining("the registry wants a login")
        .extracting(e -> ((ContainerException) e).hint())
        .asString()
        .contains("podman login " + basic.host());

    Path file = auth(basic.host(), password("fritz", "s3cret"));
    pull.request = pull.request.with("REGISTRY_AUTH_FILE", file.toString());
    assertThat(pull.image(basic.host() + "/box:1").layers()).hasSize(1);

    Pull docker = Pull.in(directory.resolve("docker"));
    Files.createDirectories(directory.resolve("docker/.docker"));
    Files.move(file, directory.resolve("docker/.docker/config.json"));
    assertThat(docker.image(basic.host() + "/box:1").layers()).hasSize(1);
  }

  @Test
  void pull_basicWithAWrongPassword_namesTheUserAndNotThePassword() throws Exception {
    Pull pull = Pull.in(directory);
    Path file = auth(basic.host(), password("fritz", "wr0ng"));
    pull.request = pull.request.with("REGISTRY_AUTH_FILE", file.toString());
    assertThatThrownBy(() -> pull.image(basic.host() + "/box:1"))
        .hasMessageContaining("the registry refuses fritz")
        .hasMessageNotContaining("wr0ng");
  }

  @Test
  void pull_token_asksForTheRepositoryOnly() throws Exception {
    Pull pull = Pull.in(directory);
    Path file = auth(token.host() + "/team", password("fritz", "s3cret"));
    pull.request = pull.request.with("REGISTRY_AUTH_FILE", file.toString());
    assertThat(pull.image(token.host() + "/team/box:1").layers()).hasSize(1);
    assertThat(tokens.granted()).contains("GET repository:team/box:pull");
  }

  @Test
  void pull_identityToken_isRefreshedByPost() throws Exception {
    Pull pull = Pull.in(directory);
    Path file = auth(token.host(), "{\"identitytoken\":\"" + TokenServer.REFRESH_TOKEN + "\"}");
    pull.request = pull.request.with("REGISTRY_AUTH_FILE", file.toString());
    assertThat(pull.image(token.host() + "/team/box:1").layers()).hasSize(1);
    assertThat(tokens.granted()).contains("POST repository:team/box:pull");
  }

  @Test
  void pull_tokenRefused_isAccessDenied() throws Exception {
    Pull pull = Pull.in(directory);
    Path file = auth(token.host(), password("fritz", "wr0ng"));
    pull.request = pull.request.with("REGISTRY_AUTH_FILE", file.toString());
    assertThatThrownBy(() -> pull.image(token.host() + "/team/box:1"))
        .hasMessageContaining("access denied")
        .hasMessageContaining("bad password");
  }

  @Test
  void pull_tlsOfAnUnknownAuthority_isRefused() throws Exception {
    assertThatThrownBy(() -> Pull.in(directory).image(secure.host() + "/box:1"))
        .hasMessage(
            "cannot reach registry ("
                + secure.host()
                + "): its certificate is not trusted: no known authority has signed it");
  }

  @Test
  void pull_tls_believesTheAuthoritiesThatTheUserNames() throws Exception {
    String name = secure.host() + "/box:1";
    Pull configured = Pull.in(directory.resolve("configured"));
    configured.request =
        configured.request.configured(
            Map.of("registries", Map.of("ca", Map.of(secure.host(), ca.authority().toString()))));
    assertThat(configured.image(name).layers()).hasSize(1);

    Pull placed = Pull.in(directory.resolve("placed"));
    Path place = directory.resolve("placed/.config/containers/certs.d/" + secure.host());
    Files.createDirectories(place);
    Files.copy(ca.authority(), place.resolve("ca.crt"));
    assertThat(placed.image(name).layers()).hasSize(1);

    Pull variable = Pull.in(directory.resolve("variable"));
    variable.request = variable.request.with("SSL_CERT_FILE", ca.authority().toString());
    assertThat(variable.image(name).layers()).hasSize(1);

    Pull insecure = Pull.in(directory.resolve("insecure")).insecure(secure.host());
    assertThat(insecure.image(name).layers()).hasSize(1);
  }

  @Test
  void pull_mirrors_areAskedFirstAndMayFail() throws Exception {
    try (FaultProxy mirror = FaultProxy.before(plain.uri());
        FaultProxy broken = FaultProxy.before(plain.uri())) {
      broken.fault("/", 100, new FaultProxy.Fault.Status(500, Map.of(), ""));
      Pull pull = Pull.in(directory);
      pull.request =
          pull.request.configured(
              Map.of(
                  "registries",
                  Map.of(
                      "mirrors",
                      Map.of(
                          "example.invalid", List.of(broken.host(), mirror.host() + "/other")))));
      Image image = pull.image("example.invalid/box:same");
      assertThat(image.manifest()).isEqualTo(Digest.parse(digest(Fixtures.GLIBC)));
      assertThat(mirror.seen("/v2/other/box/manifests/same")).isNotEmpty();
    }
  }

  @Test
  void pull_throughAProxy_asTheCallersEnvironmentSays() throws Exception {
    try (FaultProxy proxy = FaultProxy.before(plain.uri())) {
      Pull pull = Pull.in(directory).insecure("registry.invalid");
      pull.options = new ReadOptions(Optional.empty(), true, Map.of());
      pull.request = pull.request.with("http_proxy", "http://" + proxy.host());
      assertThat(pull.image("registry.invalid/box:glibc").layers()).hasSize(1);
      assertThat(proxy.seen("registry.invalid/v2/")).isNotEmpty();
    }
  }
}
