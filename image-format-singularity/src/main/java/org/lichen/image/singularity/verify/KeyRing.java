package org.lichen.image.singularity.verify;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.gpg.keybox.BlobType;
import org.bouncycastle.gpg.keybox.KeyBlob;
import org.bouncycastle.gpg.keybox.PublicKeyRingBlob;
import org.bouncycastle.gpg.keybox.bc.BcKeyBox;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.PGPPublicKeyRingCollection;
import org.bouncycastle.openpgp.PGPUtil;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;

/** Public keys that are trusted: of PGP, and in PEM. */
public final class KeyRing {
  private static final Pattern PEM =
      Pattern.compile("-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\\s]+)-----END PUBLIC KEY-----");
  private static final List<String> ALGORITHMS = List.of("Ed25519", "EC", "RSA");
  private static final long LARGEST = 64 << 20;

  /** Where GnuPG, Apptainer and Singularity keep keys, below the home directory. */
  private static final List<String> USUAL =
      List.of(
          ".gnupg/pubring.kbx",
          ".gnupg/pubring.gpg",
          ".apptainer/keys/pgp-public",
          ".singularity/keys/pgp-public",
          ".singularity/sypgp/pgp-public");

  private final List<PGPPublicKeyRing> pgp = new ArrayList<>();
  private final List<PublicKey> plain = new ArrayList<>();

  /** An empty ring. */
  public KeyRing() {}

  /** The rings of a user, as far as they can be read. */
  public static KeyRing ofHome(Path home) {
    KeyRing ring = new KeyRing();
    for (String name : USUAL) {
      Path file = home.resolve(name);
      if (Files.isRegularFile(file)) {
        try {
          ring.add(file);
        } catch (ContainerException other) {
          // a ring in a form of its own, which GnuPG's daemon keeps; --key names keys
        }
      }
    }
    return ring;
  }

  /**
   * Adds the keys of a file: PGP keys, armored or not, GnuPG's keybox, or keys in PEM.
   *
   * @throws ContainerException NOT_FOUND, or CORRUPT if there is no key in it
   */
  public void add(Path file) throws ContainerException {
    byte[] bytes;
    try {
      if (!Files.isRegularFile(file)) {
        throw new ContainerException(Kind.NOT_FOUND, "no such key: " + file, "");
      }
      if (Files.size(file) > LARGEST) {
        throw new IOException("it has more than 64 MiB");
      }
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot read key (" + file + "): " + e.getMessage(), "", e);
    }
    int before = pgp.size() + plain.size();
    try {
      if (new String(bytes, StandardCharsets.ISO_8859_1).contains("-----BEGIN PUBLIC KEY-----")) {
        pem(new String(bytes, StandardCharsets.ISO_8859_1));
      } else if (bytes.length > 12
          && new String(bytes, 8, 4, StandardCharsets.ISO_8859_1).equals("KBXf")) {
        keybox(bytes);
      } else {
        new PGPPublicKeyRingCollection(
                PGPUtil.getDecoderStream(new ByteArrayInputStream(bytes)),
                new BcKeyFingerprintCalculator())
            .forEach(pgp::add);
      }
    } catch (IOException | PGPException | GeneralSecurityException | RuntimeException e) {
      throw new ContainerException(
          Kind.CORRUPT, "cannot read key (" + file + "): " + e.getMessage(), "", e);
    }
    if (pgp.size() + plain.size() == before) {
      throw new ContainerException(Kind.CORRUPT, "there is no public key in " + file, "");
    }
  }

  private void pem(String text) throws GeneralSecurityException {
    Matcher matcher = PEM.matcher(text);
    while (matcher.find()) {
      plain.add(key(Base64.getMimeDecoder().decode(matcher.group(1))));
    }
  }

  private static PublicKey key(byte[] encoded) throws GeneralSecurityException {
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(encoded));
      } catch (java.security.spec.InvalidKeySpecException another) {
        // then it is a key of the next one
      }
    }
    throw new GeneralSecurityException("it is none of Ed25519, ECDSA, RSA");
  }

  private void keybox(byte[] bytes) throws IOException {
    for (KeyBlob blob : new BcKeyBox(bytes).getKeyBlobs()) {
      if (blob.getType() == BlobType.OPEN_PGP_BLOB) {
        pgp.add(((PublicKeyRingBlob) blob).getPGPPublicKeyRing());
      }
    }
  }

  /** The key and its ring's first name. */
  record Found(PGPPublicKey key, PGPPublicKeyRing ring) {
    String owner() {
      Iterator<String> names = ring.getPublicKey().getUserIDs();
      return names.hasNext() ? names.next() : "";
    }
  }

  Optional<Found> pgp(long id) {
    for (PGPPublicKeyRing ring : pgp) {
      PGPPublicKey key = ring.getPublicKey(id);
      if (key != null) {
        return Optional.of(new Found(key, ring));
      }
    }
    return Optional.empty();
  }

  List<PublicKey> plain() {
    return List.copyOf(plain);
  }
}
