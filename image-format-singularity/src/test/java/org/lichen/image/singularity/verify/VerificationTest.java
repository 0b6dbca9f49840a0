package org.lichen.image.singularity.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.image.singularity.sif.Sif;
import org.lichen.image.singularity.sif.SifObject;
import org.lichen.image.singularity.verify.Verification.Verdict;
import org.lichen.testkit.FakeRequest;
import org.lichen.testkit.Needs;

/** SIFs of sylabs/sif's tests, signed with the keys beside them; the signature is object 3. */
class VerificationTest {
  private static final String PGP = "sif/one-group-signed-pgp.sif";
  private static final String DSSE = "sif/one-group-signed-dsse.sif";

  @TempDir Path directory;

  private static KeyRing keys(String... names) throws ContainerException {
    KeyRing keys = new KeyRing();
    for (String name : names) {
      keys.add(Needs.fixture("keys/" + name));
    }
    return keys;
  }

  private static Verification.Outcome verify(Path file, KeyRing keys) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Sif sif = Sif.read(channel);
      Verification check = new Verification(sif, channel, keys);
      return check.verify(check.wanted(false));
    }
  }

  private Path changed(String fixture, int at) throws IOException {
    byte[] bytes = Files.readAllBytes(Needs.fixture(fixture));
    bytes[at] ^= 0x20;
    return Files.write(directory.resolve("changed"), bytes);
  }

  @Test
  void pgp_isGood() throws Exception {
    Verification.Outcome outcome = verify(Needs.fixture(PGP), keys("pgp-public.asc"));
    assertThat(outcome.good()).isTrue();
    assertThat(outcome.findings())
        .containsExactly(
            new Verification.Finding(
                3,
                List.of(1L, 2L),
                Verdict.GOOD,
                "12045C8C0B1004D058DE4BEDA20C27EE7FF7BA84 Unit Test <unit@test.com>"));
  }

  @Test
  void oldForm_isGoodForItsObjectAlone() throws Exception {
    Verification.Outcome outcome =
        verify(Needs.fixture("sif/one-group-signed-legacy.sif"), keys("pgp-public.asc"));
    assertThat(outcome.findings())
        .extracting(Verification.Finding::verdict)
        .containsOnly(Verdict.GOOD);
    assertThat(outcome.missing()).containsExactly(1L);
    assertThat(outcome.good()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ed25519-public.pem", "rsa-public.pem"})
  void dsse_isGoodWithAnyOfItsKeys(String key) throws Exception {
    assertThat(verify(Needs.fixture(DSSE), keys(key)).good()).isTrue();
  }

  @Test
  void dsse_ofAnotherKey_isNotChecked() throws Exception {
    Verification.Outcome outcome = verify(Needs.fixture(DSSE), keys("pgp-public.asc"));
    assertThat(outcome.good()).isFalse();
    assertThat(outcome.findings().get(0).verdict()).isEqualTo(Verdict.UNKNOWN_KEY);
  }

  @Test
  void pgp_withoutTheKey_isNotChecked() throws Exception {
    Verification.Outcome outcome = verify(Needs.fixture(PGP), keys("ed25519-public.pem"));
    assertThat(outcome.good()).isFalse();
    assertThat(outcome.findings().get(0).reason())
        .isEqualTo("signed by the unknown PGP key A20C27EE7FF7BA84");
  }

  @Test
  void unsigned_isNotGood() throws Exception {
    Verification.Outcome outcome =
        verify(Needs.fixture("sif/one-group.sif"), keys("pgp-public.asc"));
    assertThat(outcome.findings()).isEmpty();
    assertThat(outcome.missing()).containsExactly(1L, 2L);
    assertThat(outcome.good()).isFalse();
  }

  /** Launch script, id, link, name, uid, extra, content of both objects, padding of the second. */
  @ParameterizedTest
  @ValueSource(
      ints = {3, 50, 4096 + 74, 4096 + 60, 4096 + 300, 4096 + 585 + 74, 32768, 36864, 40959})
  void anythingChanged_isBad(int at) throws Exception {
    for (String fixture : List.of(PGP, DSSE)) {
      Verification.Outcome outcome =
          verify(changed(fixture, at), keys("pgp-public.asc", "ed25519-public.pem"));
      assertThat(outcome.good()).as(fixture + " at " + at).isFalse();
      assertThat(outcome.findings().get(0).verdict()).isEqualTo(Verdict.BAD);
      assertThat(outcome.findings().get(0).reason()).contains("changed since");
    }
  }

  @Test
  void whatIsSignedChanged_isNeverGood() throws Exception {
    String text = new String(Files.readAllBytes(Needs.fixture(PGP)), StandardCharsets.ISO_8859_1);
    int from = text.indexOf("{\"version\"", 40960);
    int to = text.indexOf("-----BEGIN PGP SIGNATURE", from) - 1;
    for (int at = from; at < to; at++) {
      Verification.Outcome outcome = verify(changed(PGP, at), keys("pgp-public.asc"));
      assertThat(outcome.findings()).as("byte " + at).allMatch(f -> f.verdict() != Verdict.GOOD);
    }
  }

  @Test
  void theSignatureItselfChanged_isBad() throws Exception {
    String text = new String(Files.readAllBytes(Needs.fixture(PGP)), StandardCharsets.ISO_8859_1);
    int body = text.indexOf("wsBzBAEBCAAn", 40960) + 200; // well within the number
    Verification.Outcome outcome = verify(changed(PGP, body), keys("pgp-public.asc"));
    assertThat(outcome.findings().get(0).verdict()).isEqualTo(Verdict.BAD);
  }

  @Test
  void signatureOfAnotherGroup_coversNothing() throws Exception {
    byte[] bytes = Files.readAllBytes(Needs.fixture(PGP));
    bytes[4096 + 2 * SifObject.LENGTH + 13] = 7; // its link
    Path file = Files.write(directory.resolve("other"), bytes);
    Verification.Outcome outcome = verify(file, keys("pgp-public.asc"));
    assertThat(outcome.missing()).containsExactly(1L, 2L);
    assertThat(outcome.good()).isFalse();
  }

  /**
   * The old form for a whole group: a hash of all its objects, one after the other, clear-signed by
   * GnuPG, as Singularity before 3.6 signed.
   */
  @Test
  void oldFormOfAGroup_isGoodForAllOfIt() throws Exception {
    byte[] bytes = Files.readAllBytes(Needs.fixture("sif/one-group-signed-legacy.sif"));
    ByteBuffer numbers = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int signature = 4096 + 2 * SifObject.LENGTH;
    MessageDigest hash = MessageDigest.getInstance("SHA-384");
    hash.update(bytes, 32768, (int) numbers.getLong(4096 + 25));
    hash.update(bytes, 36864, (int) numbers.getLong(4096 + SifObject.LENGTH + 25));
    Path gnupg = Files.createDirectory(directory.resolve("gnupg"));
    Files.setAttribute(gnupg, "unix:mode", 0700);
    Path text =
        Files.writeString(
            directory.resolve("hash"),
            "SIFHASH:\n" + HexFormat.of().formatHex(hash.digest()) + "\n");
    gpg(gnupg, "--passphrase", "", "--quick-generate-key", "me <me@here>", "rsa2048", "sign");
    gpg(gnupg, "--digest-algo", "SHA384", "--clear-sign", text.toString());
    gpg(gnupg, "--output", directory.resolve("key") + "", "--export");
    byte[] signed = Files.readAllBytes(directory.resolve("hash.asc"));
    int at = (int) numbers.getLong(signature + 17);
    byte[] all = java.util.Arrays.copyOf(bytes, at + signed.length);
    System.arraycopy(signed, 0, all, at, signed.length);
    ByteBuffer.wrap(all)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(signature + 13, 0xf0000001) // of group 1, not of an object
        .putLong(signature + 25, signed.length)
        .putLong(signature + 33, signed.length)
        .putLong(112, all.length - 32768);
    Path file = Files.write(directory.resolve("group.sif"), all);
    KeyRing keys = new KeyRing();
    keys.add(directory.resolve("key"));
    Verification.Outcome outcome = verify(file, keys);
    assertThat(outcome.findings())
        .extracting(Verification.Finding::verdict)
        .containsOnly(Verdict.GOOD);
    assertThat(outcome.good()).isTrue();
    int last = 36863 + (int) numbers.getLong(4096 + SifObject.LENGTH + 25);
    for (int place : new int[] {32768, 36864, last}) { // the header is not signed in this form
      byte[] changed = all.clone();
      changed[place] ^= 1;
      assertThat(verify(Files.write(file, changed), keys).good()).as("byte " + place).isFalse();
    }
  }

  private static void gpg(Path home, String... words) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Needs.program("gpg").toString(),
                "--homedir",
                home.toString(),
                "--batch",
                "--yes",
                "--pinentry-mode",
                "loopback"));
    command.addAll(List.of(words));
    Needs.output(command.toArray(new String[0]));
  }

  /** GnuPG 2.4 may keep keys with a daemon, in a form of its own: it is asked for them. */
  @Test
  void keysOfADaemon_areExportedByGnupg() throws Exception {
    Path home = Files.createDirectory(directory.resolve("home"));
    Path gnupg = Files.createDirectories(home.resolve(".gnupg"));
    Path bin = Files.createDirectory(directory.resolve("bin"));
    Path program =
        Files.writeString(
            bin.resolve("gpg"),
            "#!/bin/sh\n[ \"$GNUPGHOME\" = '"
                + gnupg
                + "' ] && case \"$*\" in *--export*) exec /bin/cat '"
                + Needs.fixture("keys/pgp-public.asc")
                + "';; esac\nexit 2\n");
    Files.setAttribute(program, "unix:mode", 0755);
    FakeRequest caller = FakeRequest.in(home).with("PATH", bin.toString());
    assertThat(verify(Needs.fixture(PGP), KeyRing.of(caller)).good()).isFalse();
    Files.write(
        Files.createDirectory(gnupg.resolve("public-keys.d")).resolve("pubring.db"), new byte[9]);
    assertThat(verify(Needs.fixture(PGP), KeyRing.of(caller)).good()).isTrue();
    Files.writeString(program, "#!/bin/sh\nexit 2\n");
    assertThat(verify(Needs.fixture(PGP), KeyRing.of(caller)).good()).isFalse();
    assertThat(verify(Needs.fixture(PGP), KeyRing.of(caller.with("PATH", ""))).good()).isFalse();
  }

  /** A key ring as GnuPG keeps it, with the key of the fixtures, in a new directory. */
  static Path keybox(Path gnupg) throws Exception {
    Files.createDirectories(gnupg);
    Files.setAttribute(gnupg, "unix:mode", 0700);
    Needs.output(
        Needs.program("gpg").toString(),
        "--homedir",
        gnupg.toString(),
        "--batch",
        "--no-autostart",
        "--import",
        Needs.fixture("keys/pgp-public.asc").toString());
    return gnupg.resolve("pubring.kbx");
  }

  @Test
  void gnupgsKeybox_isRead() throws Exception {
    Path home = Files.createDirectory(directory.resolve("home"));
    keybox(home.resolve(".gnupg"));
    assertThat(verify(Needs.fixture(PGP), KeyRing.of(FakeRequest.in(home))).good()).isTrue();
    FakeRequest elsewhere =
        FakeRequest.in(directory).with("GNUPGHOME", home.resolve(".gnupg").toString());
    assertThat(verify(Needs.fixture(PGP), KeyRing.of(elsewhere)).good()).isTrue();
  }

  @Test
  void aFileWithoutKeys_isRefused() throws Exception {
    for (String content :
        List.of("", "no key\n", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")) {
      Path file = Files.writeString(directory.resolve("key"), content, StandardCharsets.UTF_8);
      ContainerException failure =
          catchThrowableOfType(ContainerException.class, () -> new KeyRing().add(file));
      assertThat(failure).as(content).isNotNull();
      assertThat(failure.kind()).isEqualTo(Kind.CORRUPT);
    }
  }
}
