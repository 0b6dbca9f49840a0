package org.lichen.image.singularity.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Base64;
import java.util.List;

/** An envelope of DSSE (secure-systems-lab/dsse, protocol 1.0.2). */
final class Dsse {
  private static final String TYPE = "application/vnd.sylabs.sif-metadata+json";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Dsse() {}

  /** What was signed, if one of the keys signed it. */
  static Signed check(byte[] envelope, List<PublicKey> keys) throws Signed.Unknown, Signed.Bad {
    try {
      JsonNode json = MAPPER.readTree(envelope);
      String type = json.path("payloadType").asText();
      if (!type.equals(TYPE)) {
        throw new Signed.Bad("its payload is '" + type + "', not metadata of a SIF");
      }
      byte[] payload = Base64.getDecoder().decode(json.path("payload").asText());
      byte[] signed = encoded(type, payload);
      for (JsonNode each : json.path("signatures")) {
        byte[] signature = Base64.getDecoder().decode(each.path("sig").asText());
        for (PublicKey key : keys) {
          if (verifies(key, signed, signature)) {
            return new Signed(payload, name(key));
          }
        }
      }
      throw new Signed.Unknown(
          keys.isEmpty()
              ? "signed with keys in PEM, and none was given"
              : "signed by none of the keys in PEM that were given");
    } catch (IOException | IllegalArgumentException e) {
      throw new Signed.Bad("it is no envelope of DSSE", e);
    }
  }

  /** PAE: {@code DSSEv1 LENGTH TYPE LENGTH PAYLOAD}. */
  private static byte[] encoded(String type, byte[] payload) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] name = type.getBytes(StandardCharsets.UTF_8);
    all.writeBytes(("DSSEv1 " + name.length + " ").getBytes(StandardCharsets.US_ASCII));
    all.writeBytes(name);
    all.writeBytes((" " + payload.length + " ").getBytes(StandardCharsets.US_ASCII));
    all.writeBytes(payload);
    return all.toByteArray();
  }

  private static boolean verifies(PublicKey key, byte[] content, byte[] signature) {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "EC" -> "SHA256withECDSA";
          case "RSA" -> "SHA256withRSA";
          default -> "Ed25519";
        };
    try {
      Signature check = Signature.getInstance(algorithm);
      check.initVerify(key);
      check.update(content);
      return check.verify(signature);
    } catch (GeneralSecurityException ofAnotherKey) {
      return false;
    }
  }

  /** As the envelope names it: {@code SHA256:} and the digest of the key. */
  private static String name(PublicKey key) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
      return "SHA256:" + Base64.getEncoder().withoutPadding().encodeToString(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
