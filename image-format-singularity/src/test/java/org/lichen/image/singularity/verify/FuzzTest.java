package org.lichen.image.singularity.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.ContainerException;
import org.lichen.image.singularity.Fuzz;
import org.lichen.image.singularity.sif.DataType;
import org.lichen.image.singularity.sif.Sif;
import org.lichen.image.singularity.sif.SifObject;
import org.lichen.testkit.Needs;

/** What signatures and keys are made of, changed at random: it is never good, and never worse. */
class FuzzTest {
  private static final List<String> SIGNED =
      List.of("sif/one-group-signed-pgp.sif", "sif/one-group-signed-legacy.sif");
  private static final String DSSE = "sif/one-group-signed-dsse.sif";

  @TempDir Path directory;

  private static KeyRing keys() throws ContainerException {
    KeyRing keys = new KeyRing();
    for (String name : List.of("pgp-public.asc", "ed25519-public.pem", "rsa-public.pem")) {
      keys.add(Needs.fixture("keys/" + name));
    }
    return keys;
  }

  private static byte[] signature(String fixture) throws IOException {
    Path path = Needs.fixture(fixture);
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      Sif sif = Sif.read(file);
      SifObject object = sif.first(DataType.SIGNATURE).orElseThrow();
      return Sif.content(file, object, 1 << 20);
    }
  }

  @Test
  void clearSigned() throws Exception {
    KeyRing keys = keys();
    Fuzz fuzz = new Fuzz("pgp", 0, List.of(signature(SIGNED.get(0)), signature(SIGNED.get(1))));
    long rounds =
        fuzz.run(
            changed -> ClearSigned.check(new String(changed, StandardCharsets.UTF_8), keys),
            Set.of(Signed.Unknown.class, Signed.Bad.class));
    assertThat(rounds).isPositive();
  }

  @Test
  void envelope() throws Exception {
    KeyRing keys = keys();
    Fuzz fuzz = new Fuzz("dsse", 0, List.of(signature(DSSE)));
    long rounds =
        fuzz.run(
            changed -> Dsse.check(changed, keys.plain()),
            Set.of(Signed.Unknown.class, Signed.Bad.class));
    assertThat(rounds).isPositive();
  }

  @Test
  void metadata() throws Exception {
    Path path = Needs.fixture(SIGNED.get(0));
    String text = new String(signature(SIGNED.get(0)), StandardCharsets.UTF_8);
    String json = text.substring(text.indexOf('{'), text.indexOf("-----BEGIN PGP SIGNATURE"));
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      Sif sif = Sif.read(file);
      Integrity integrity = new Integrity(sif, file);
      List<SifObject> covered = integrity.covered(sif.first(DataType.SIGNATURE).orElseThrow());
      assertThat(integrity.differences(json.getBytes(StandardCharsets.UTF_8), covered)).isEmpty();
      new Fuzz("metadata", 0, List.of(json.getBytes(StandardCharsets.UTF_8)))
          .run(changed -> integrity.differences(changed, covered), Set.of());
    }
  }

  @Test
  void keyFiles() throws Exception {
    Fuzz fuzz =
        new Fuzz(
            "keys",
            0,
            List.of(
                Files.readAllBytes(Needs.fixture("keys/pgp-public.asc")),
                Files.readAllBytes(Needs.fixture("keys/rsa-public.pem")),
                Files.readAllBytes(Needs.fixture("keys/ed25519-public.pem")),
                Files.readAllBytes(VerificationTest.keybox(directory.resolve("gnupg")))));
    Path file = directory.resolve("key");
    long rounds =
        fuzz.run(
            changed -> new KeyRing().add(Files.write(file, changed)),
            Set.of(ContainerException.class));
    assertThat(rounds).isPositive();
  }
}
