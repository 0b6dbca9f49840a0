package org.lichen.image.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.testkit.FaultProxy;
import org.lichen.testkit.FaultProxy.Fault;
import org.lichen.testkit.RealRegistry;
import org.lichen.testkit.TestCa;

/** Pulls from a registry that a bad network, or a bad server, lies before. */
@SuppressWarnings("NullAway.Init")
class RegistryFaultTest {
  private static final String BLOB = "/blobs/";
  private static final String LAYER = "/blobs/sha256:b05093807bb0";
  private static final String LAYER_PATH =
      "/v2/box/blobs/sha256:b05093807bb0294152bb9cf86d64da722732dddaf7f8882fa1f120477dbc4db3";
  private static final String MANIFEST = "/manifests/";

  @TempDir static Path shared;
  static RealRegistry registry;

  @TempDir Path directory;
  FaultProxy proxy;
  Pull pull;

  @BeforeAll
  static void start() throws Exception {
    registry = RealRegistry.in(shared.resolve("registry")).start();
    registry.push(Fixtures.oci(Fixtures.GLIBC), "box:1");
  }

  @AfterAll
  static void stop() {
    registry.close();
  }

  @BeforeEach
  void before() throws Exception {
    proxy = FaultProxy.before(registry.uri());
    pull = Pull.in(directory);
  }

  @AfterEach
  void after() {
    proxy.close();
  }

  private void pulled() throws ContainerException {
    assertThat(pull.image(proxy.host() + "/box:1").layers()).hasSize(1);
  }

  private ContainerException refused() {
    try {
      pull.image(proxy.host() + "/box:1");
    } catch (ContainerException expected) {
      return expected;
    }
    throw new AssertionError("it was pulled");
  }

  @Test
  void cutLayer_isResumedWhereItBroke() throws Exception {
    proxy.fault(LAYER, 1, new Fault.Cut(100_000)).fault(LAYER, 1, new Fault.Cut(200_000));
    pulled();
    assertThat(proxy.seen(LAYER).get(1).header("Range")).matches("bytes=[1-9][0-9]*-");
    assertThat(proxy.seen(LAYER).size()).isGreaterThanOrEqualTo(2);
    long size = 2226327;
    assertThat(pull.request.progress().tasks().get(0).units()).isEqualTo(size);
  }

  @Test
  void cutLayer_whereTheServerKnowsNoRanges_isReadAgain() throws Exception {
    proxy.fault(LAYER, 1, new Fault.Cut(500_000)).fault(LAYER, 9, new Fault.NoRanges());
    pulled();
  }

  @Test
  void layerThatIsAlwaysCut_failsInTheEnd() {
    proxy.fault(LAYER, 1000, new Fault.Cut(1000));
    assertThat(refused()).hasMessageContaining("cannot reach registry (" + proxy.host() + ")");
    assertThat(proxy.seen(LAYER).size()).isLessThan(40);
  }

  @Test
  void slowLayer_isWaitedFor() throws Exception {
    proxy.fault(LAYER, 1, new Fault.Slow(5));
    pulled();
    assertThat(pull.pauses).isEmpty();
  }

  @Test
  void silentServer_isAskedAgain() throws Exception {
    pull.silence = Duration.ofMillis(500);
    proxy.fault(LAYER, 1, new Fault.Hang(300_000));
    pulled();
    assertThat(proxy.seen(LAYER)).hasSize(2);
  }

  @Test
  void wrongBytesInALayer_areRefusedByDigest() throws Exception {
    proxy.fault(LAYER, 1, new Fault.Corrupt(1_000_000));
    ContainerException failure = refused();
    assertThat(failure.kind()).isEqualTo(Kind.CORRUPT);
    assertThat(failure).hasMessageContaining("b05093807bb0");
    assertThat(pull.store.list()).isEmpty();
    pulled();
  }

  @Test
  void wrongBytesInAConfiguration_areRefusedByDigest() {
    proxy.fault("/blobs/sha256:c6348fa8", 1, new Fault.Corrupt(20));
    assertThat(refused().kind()).isEqualTo(Kind.CORRUPT);
  }

  @Test
  void wrongBytesInAManifest_areRefusedByDigest() {
    proxy.fault(MANIFEST, 1, new Fault.Corrupt(30));
    ContainerException failure = refused();
    assertThat(failure.kind()).isEqualTo(Kind.CORRUPT);
    assertThat(failure).hasMessageContaining("its content has the digest");
  }

  @Test
  void truncatedLayer_isRefused() {
    proxy.fault(LAYER, 100, new Fault.Truncate(1000));
    assertThat(refused().kind()).isIn(Kind.HOST, Kind.CORRUPT);
  }

  @Test
  void tooManyRequests_areRepeatedWhenTheServerSays() throws Exception {
    proxy.fault(MANIFEST, 1, new Fault.Status(429, Map.of("Retry-After", "7"), ""));
    pulled();
    assertThat(pull.pauses).containsExactly(Duration.ofSeconds(7));
  }

  @Test
  void tooManyRequests_withADate_areRepeatedThen() throws Exception {
    String date =
        java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME.format(
            java.time.ZonedDateTime.now(java.time.ZoneOffset.UTC).plusSeconds(50));
    proxy.fault(BLOB, 1, new Fault.Status(429, Map.of("Retry-After", date), ""));
    pulled();
    assertThat(pull.pauses)
        .singleElement()
        .satisfies(p -> assertThat(p).isBetween(Duration.ofSeconds(30), Duration.ofSeconds(50)));
  }

  @Test
  void tooManyRequests_forAnHour_failsAtOnce() {
    proxy.fault(MANIFEST, 9, new Fault.Status(429, Map.of("Retry-After", "3600"), ""));
    assertThat(refused()).hasMessageContaining("limits how often");
    assertThat(pull.pauses).isEmpty();
  }

  @Test
  void serverErrors_areRepeatedWithGrowingPauses() throws Exception {
    proxy
        .fault(MANIFEST, 3, new Fault.Status(500, Map.of(), ""))
        .fault(BLOB, 1, new Fault.Status(503, Map.of(), ""));
    pulled();
    assertThat(pull.pauses).hasSize(4);
    assertThat(pull.pauses.get(2)).isGreaterThan(pull.pauses.get(0));
  }

  @Test
  void serverErrors_thatStay_failWithTheStatus() {
    proxy.fault(MANIFEST, 99, new Fault.Status(502, Map.of(), "<html>"));
    assertThat(refused()).hasMessageContaining("the registry answers 502");
    assertThat(proxy.seen(MANIFEST)).hasSize(5);
  }

  @Test
  void forbidden_saysWhatTheRegistrySays() {
    proxy.fault(
        MANIFEST,
        1,
        new Fault.Status(
            403,
            Map.of(),
            "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"not \\u001b[31mfor you\"}]}"));
    assertThat(refused())
        .hasMessageContaining("access denied")
        .hasMessageContaining("not  [31mfor you");
  }

  @Test
  void redirect_toAnotherHost_getsNoCredentials() throws Exception {
    try (FaultProxy storage = FaultProxy.before(registry.uri());
        RealRegistry basic =
            RealRegistry.in(directory.resolve("basic")).basic("fritz", "s3cret").start()) {
      basic.push(Fixtures.oci(Fixtures.GLIBC), "box:1");
      try (FaultProxy front = FaultProxy.before(basic.uri())) {
        front.fault(
            LAYER,
            9,
            new Fault.Status(307, Map.of("Location", "http://" + storage.host() + LAYER_PATH), ""));
        storage.fault(LAYER, 1, new Fault.Cut(500_000));
        Files.createDirectories(directory.resolve(".docker"));
        Files.writeString(
            directory.resolve(".docker/config.json"),
            "{\"auths\":{\"" + front.host() + "\":{\"auth\":\"ZnJpdHo6czNjcmV0\"}}}");
        assertThat(pull.image(front.host() + "/box:1").layers()).hasSize(1);
        assertThat(front.seen(LAYER).get(0).header("Authorization")).startsWith("Basic");
        assertThat(storage.seen(LAYER)).hasSize(2);
        assertThat(storage.seen()).allMatch(each -> each.header("Authorization").isEmpty());
      }
    }
  }

  @Test
  void redirect_fromHttpsToHttp_isRefused() throws Exception {
    TestCa ca = TestCa.in(directory.resolve("ca"));
    try (FaultProxy secure = FaultProxy.before(registry.uri(), ca.server())) {
      secure.fault(
          LAYER, 9, new Fault.Status(302, Map.of("Location", "http://" + proxy.host() + "/"), ""));
      pull.request = pull.request.with("SSL_CERT_FILE", ca.authority().toString());
      assertThatThrownBy(() -> pull.image(secure.host() + "/box:1"))
          .hasMessageContaining("redirects from https to http");
    }
  }

  @Test
  void redirect_inACircle_isRefused() {
    proxy.fault(MANIFEST, 99, new Fault.Status(302, Map.of("Location", "/v2/box/manifests/1"), ""));
    assertThat(refused()).hasMessageContaining("redirects more than");
  }

  @Test
  void foreignLayer_isFetchedFromItsAddressWithoutCredentials() throws Exception {
    TestCa ca = TestCa.in(directory.resolve("ca"));
    Path file = directory.resolve("manifest");
    Fixtures.copy(
        "docker://" + registry.host() + "/box:1", "dir:" + file, "--src-tls-verify=false");
    try (FaultProxy elsewhere = FaultProxy.before(registry.uri(), ca.server())) {
      String url = "https://" + elsewhere.host() + LAYER_PATH;
      String manifest =
          Files.readString(file.resolve("manifest.json"))
              .replace("image.layer.v1.tar+gzip", "image.layer.nondistributable.v1.tar+gzip")
              .replaceAll("(\"size\": *2226327)", "$1,\"urls\":[\"" + url + "\"]");
      proxy
          .fault(MANIFEST, 1, new Fault.Status(200, Map.of(), manifest))
          .fault(LAYER, 9, new Fault.Status(404, Map.of(), ""));
      elsewhere.fault(LAYER, 1, new Fault.Cut(400_000));
      pull.request = pull.request.with("SSL_CERT_FILE", ca.authority().toString());
      pulled();
      assertThat(elsewhere.seen(LAYER)).hasSize(2);
      assertThat(proxy.seen(LAYER)).isEmpty();
    }
  }

  @Test
  void schema1_isRefusedByName() {
    proxy.fault(
        MANIFEST,
        1,
        new Fault.Status(
            200,
            Map.of("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
            "{\"schemaVersion\":1,\"name\":\"box\",\"tag\":\"1\"}"));
    ContainerException failure = refused();
    assertThat(failure.kind()).isEqualTo(Kind.UNSUPPORTED);
    assertThat(failure).hasMessageContaining("manifest.v1+prettyjws");
    assertThat(failure.hint()).contains("push the image again");
  }

  @Test
  void hugeManifest_isRefused() {
    proxy.fault(MANIFEST, 1, new Fault.Status(200, Map.of(), "[" + "1,".repeat(3_000_000) + "1]"));
    assertThat(refused().kind()).isEqualTo(Kind.CORRUPT);
  }

  @Test
  void cancellation_stopsATransferAtOnce() throws Exception {
    proxy.fault(LAYER, 9, new Fault.Hang(300_000));
    CompletableFuture<ContainerException> end = CompletableFuture.supplyAsync(this::refused);
    while (proxy.seen(LAYER).isEmpty()) {
      Thread.sleep(10);
    }
    pull.request.cancellation().request();
    assertThat(end.get(5, TimeUnit.SECONDS)).hasMessage("interrupted");
    assertThat(pull.store.list()).isEmpty();
    assertThat(List.copyOf(pull.request.progress().tasks())).allMatch(task -> task.closed());
  }
}
