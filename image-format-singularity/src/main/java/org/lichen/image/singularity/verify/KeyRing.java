package org.lichen.image.singularity.verify;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
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
import org.lichen.api.Request;

/** Public keys that are trusted: of PGP, and in PEM. */
public final class KeyRing {
  private static final Pattern PEM =
      Pattern.compile("-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\\s]+)-----END PUBLIC KEY-----");
  private static final List<String> ALGORITHMS = List.of("Ed25519", "EC", "RSA");
  private static final long LARGEST = 64 << 20;

  /** Where Apptainer and Singularity keep keys, below the home directory. */
  private static final List<String> USUAL =
      List.of(
          ".apptainer/keys/pgp-public",
          ".singularity/keys/pgp-public",
          ".singularity/sypgp/pgp-public");

  /** Of GnuPG 2.4 with use-keyboxd, the default of a new directory in some distributions. */
  private static final String OF_DAEMON = "public-keys.d/pubring.db";

  private final List<PGPPublicKeyRing> pgp = new ArrayList<>();
  private final List<PublicKey> plain = new ArrayList<>();

  /** An empty ring. */
  public KeyRing() {}

  /** The rings of a caller, as far as they can be read. */
  public static KeyRing of(Request caller) {
    KeyRing ring = new KeyRing();
    Optional<Path> home = directory(caller, "HOME");
    Optional<Path> gnupg =
        directory(caller, "GNUPGHOME").or(() -> home.map(it -> it.resolve(".gnupg")));
    gnupg.ifPresent(
        it -> {
          ring.addReadable(it.resolve("pubring.kbx"));
          ring.addReadable(it.resolve("pubring.gpg"));
          if (Files.isRegularFile(it.resolve(OF_DAEMON))) {
            ring.exported(it, caller);
          }
        });
    home.ifPresent(it -> USUAL.forEach(name -> ring.addReadable(it.resolve(name))));
    return ring;
  }

  private static Optional<Path> directory(Request caller, String variable) {
    String value = caller.environment().getOrDefault(variable, "");
    return value.startsWith("/") ? Optional.of(Path.of(value)) : Optional.empty();
  }

  private void addReadable(Path file) {
    if (Files.isRegularFile(file)) {
      try {
        add(file);
      } catch (ContainerException unreadable) {
        // one ring less: nothing is trusted for it, and --key names keys
      }
    }
  }

  /** What GnuPG's keyboxd keeps is in a database of its own; GnuPG gives it out. */
  private void exported(Path gnupg, Request caller) {
    Optional<Path> program =
        Arrays.stream(caller.environment().getOrDefault("PATH", "").split(":", -1))
            .filter(directory -> directory.startsWith("/"))
            .map(directory -> Path.of(directory, "gpg"))
            .filter(Files::isExecutable)
            .findFirst();
    if (program.isEmpty()) {
      return;
    }
    ProcessBuilder command =
        new ProcessBuilder(program.get().toString(), "--batch", "--quiet", "--export")
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    command.environment().clear();
    command.environment().putAll(caller.environment());
    command.environment().put("GNUPGHOME", gnupg.toString());
    try {
      Process process = command.start();
      byte[] keys;
      try (InputStream in = process.getInputStream()) {
        keys = in.readNBytes((int) LARGEST);
      }
      if (process.waitFor() == 0) {
        add(keys);
      }
    } catch (IOException | PGPException | GeneralSecurityException | RuntimeException e) {
      // one ring less
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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
      add(bytes);
    } catch (IOException | PGPException | GeneralSecurityException | RuntimeException e) {
      throw new ContainerException(
          Kind.CORRUPT, "cannot read key (" + file + "): " + e.getMessage(), "", e);
    }
    if (pgp.size() + plain.size() == before) {
      throw new ContainerException(Kind.CORRUPT, "there is no public key in " + file, "");
    }
  }

  private void add(byte[] bytes) throws IOException, PGPException, GeneralSecurityException {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    if (text.contains("-----BEGIN PUBLIC KEY-----")) {
      pem(text);
    } else if (text.startsWith("KBXf", 8)) {
      keybox(bytes);
    } else {
      new PGPPublicKeyRingCollection(
              PGPUtil.getDecoderStream(new ByteArrayInputStream(bytes)),
              new BcKeyFingerprintCalculator())
          .forEach(pgp::add);
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
