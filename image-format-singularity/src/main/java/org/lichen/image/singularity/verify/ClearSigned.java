package org.lichen.image.singularity.verify;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.bouncycastle.bcpg.ArmoredInputStream;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureList;
import org.bouncycastle.openpgp.bc.BcPGPObjectFactory;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentVerifierBuilderProvider;

/** A message in OpenPGP's cleartext form (RFC 9580, section 7). */
final class ClearSigned {
  private static final String BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----";
  private static final String SIGNATURE = "-----BEGIN PGP SIGNATURE-----";

  /** Hashes that nobody can find collisions of. */
  private static final Set<Integer> STRONG =
      Set.of(
          HashAlgorithmTags.SHA224,
          HashAlgorithmTags.SHA256,
          HashAlgorithmTags.SHA384,
          HashAlgorithmTags.SHA512,
          HashAlgorithmTags.SHA3_256,
          HashAlgorithmTags.SHA3_512);

  private ClearSigned() {}

  /** What was signed, if one of the keys signed it. */
  static Signed check(String text, KeyRing keys) throws Signed.Unknown, Signed.Bad {
    List<String> lines = text.lines().toList();
    int begin = lines.indexOf(BEGIN);
    int end = lines.indexOf(SIGNATURE);
    if (begin != 0 || end < 0) {
      throw new Signed.Bad("it is no clear-signed message");
    }
    int at = 1;
    while (at < end && !lines.get(at).isBlank()) {
      if (!lines.get(at).startsWith("Hash:")) {
        throw new Signed.Bad("its headers are not those of a clear-signed message");
      }
      at++;
    }
    List<String> body = new ArrayList<>();
    for (String line : lines.subList(Math.min(end, at + 1), end)) {
      body.add((line.startsWith("- ") ? line.substring(2) : line).replaceFirst("[ \\t\\r]+$", ""));
    }
    PGPSignature signature = signature(String.join("\n", lines.subList(end, lines.size())) + "\n");
    byte[] canonical = String.join("\r\n", body).getBytes(StandardCharsets.UTF_8);
    String by = check(signature, canonical, keys);
    return new Signed((String.join("\n", body) + "\n").getBytes(StandardCharsets.UTF_8), by);
  }

  private static PGPSignature signature(String armored) throws Signed.Bad {
    try (ArmoredInputStream in =
        new ArmoredInputStream(
            new ByteArrayInputStream(armored.getBytes(StandardCharsets.UTF_8)))) {
      if (new BcPGPObjectFactory(in).nextObject() instanceof PGPSignatureList list
          && !list.isEmpty()) {
        return list.get(0);
      }
      throw new Signed.Bad("there is no signature in it");
    } catch (IOException | RuntimeException e) {
      throw new Signed.Bad("its signature is damaged: " + e.getMessage(), e);
    }
  }

  private static String check(PGPSignature signature, byte[] canonical, KeyRing keys)
      throws Signed.Unknown, Signed.Bad {
    String id = String.format("%016X", signature.getKeyID());
    KeyRing.Found found =
        keys.pgp(signature.getKeyID())
            .orElseThrow(() -> new Signed.Unknown("signed by the unknown PGP key " + id));
    PGPPublicKey key = found.key();
    if (!STRONG.contains(signature.getHashAlgorithm())) {
      throw new Signed.Bad("its hash, number " + signature.getHashAlgorithm() + ", is too weak");
    }
    if (key.hasRevocation() || found.ring().getPublicKey().hasRevocation()) {
      throw new Signed.Bad("PGP key " + id + " was revoked");
    }
    Instant made = signature.getCreationTime().toInstant();
    if (key.getValidSeconds() > 0
        && made.isAfter(key.getCreationTime().toInstant().plusSeconds(key.getValidSeconds()))) {
      throw new Signed.Bad("PGP key " + id + " had expired when it signed, on " + made);
    }
    try {
      signature.init(new BcPGPContentVerifierBuilderProvider(), key);
      signature.update(canonical);
      if (!signature.verify()) {
        throw new Signed.Bad("the signature of PGP key " + id + " is not of this text");
      }
    } catch (PGPException | RuntimeException e) {
      throw new Signed.Bad("its signature cannot be checked: " + e.getMessage(), e);
    }
    return HexFormat.of().formatHex(key.getFingerprint()).toUpperCase(Locale.ROOT)
        + (found.owner().isEmpty() ? "" : " " + found.owner());
  }
}
