package org.lichen.image.singularity.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lichen.image.singularity.sif.Sif;
import org.lichen.image.singularity.sif.SifObject;

/**
 * Whether what was signed is what is in the file. Signed are digests of the header, of descriptors,
 * and of the objects themselves (sylabs/sif, "pkg/integrity/metadata.go"); of the old form ({@code
 * SIFHASH}), of the objects alone, one after the other.
 */
final class Integrity {
  /** What a digest may be of; anything weaker can be forged. */
  private static final Map<String, String> ALGORITHMS =
      Map.of("sha256", "SHA-256", "sha384", "SHA-384", "sha512", "SHA-512");

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String OLD = "SIFHASH:\n";
  private static final int CHUNK = 1 << 20;

  private final Sif sif;
  private final FileChannel file;

  Integrity(Sif sif, FileChannel file) {
    this.sif = sif;
    this.file = file;
  }

  /** What does not fit, for people; empty if all of {@code objects} is as it was signed. */
  List<String> differences(byte[] signed, List<SifObject> objects) throws IOException {
    String text = new String(signed, StandardCharsets.UTF_8);
    try {
      return text.startsWith(OLD)
          ? old(text.substring(OLD.length()).strip(), objects)
          : current(MAPPER.readTree(text), objects); // of bytes, it would guess encodings
    } catch (com.fasterxml.jackson.core.JacksonException e) {
      return List.of("what was signed is not metadata of a SIF");
    } catch (GeneralSecurityException e) {
      return List.of(String.valueOf(e.getMessage()));
    }
  }

  private List<String> old(String digest, List<SifObject> objects)
      throws IOException, GeneralSecurityException {
    String algorithm =
        switch (digest.length()) {
          case 64 -> "SHA-256";
          case 96 -> "SHA-384";
          case 128 -> "SHA-512";
          default -> throw new GeneralSecurityException("a hash of an unknown kind was signed");
        };
    MessageDigest hash = MessageDigest.getInstance(algorithm);
    for (SifObject object : objects) {
      update(hash, object);
    }
    return HexFormat.of().formatHex(hash.digest()).equals(digest.toLowerCase(Locale.ROOT))
        ? List.of()
        : List.of("the objects were changed");
  }

  private List<String> current(JsonNode metadata, List<SifObject> objects)
      throws IOException, GeneralSecurityException {
    if (metadata.path("version").asInt() != 1) {
      return List.of("metadata of version " + metadata.path("version") + " is not known");
    }
    List<String> differences = new ArrayList<>();
    compare(
        metadata.path("header").path("digest"), header(), "the header was changed", differences);
    long first = objects.stream().mapToLong(SifObject::id).min().orElse(0);
    for (SifObject object : objects) {
      JsonNode signed = null;
      for (JsonNode each : metadata.path("objects")) {
        if (each.path("relativeId").asLong(-1) == object.id() - first) {
          signed = each;
        }
      }
      if (signed == null) {
        differences.add("object " + object.id() + " was added");
        continue;
      }
      compare(
          signed.path("descriptorDigest"),
          descriptor(object, object.id() - first),
          "the descriptor of object " + object.id() + " was changed",
          differences);
      MessageDigest hash = hash(signed.path("objectDigest"));
      update(hash, object);
      if (!Arrays.equals(hash.digest(), value(signed.path("objectDigest")))) {
        differences.add("object " + object.id() + " was changed");
      }
    }
    if (metadata.path("objects").size() > objects.size()) {
      differences.add("an object was removed");
    }
    return differences;
  }

  private static void compare(
      JsonNode digest, byte[] content, String difference, List<String> differences)
      throws GeneralSecurityException {
    if (!Arrays.equals(hash(digest).digest(content), value(digest))) {
      differences.add(difference);
    }
  }

  private static MessageDigest hash(JsonNode digest) throws GeneralSecurityException {
    String algorithm = digest.asText().replaceFirst(":.*", "");
    String known = ALGORITHMS.get(algorithm);
    if (known == null) {
      throw new GeneralSecurityException("a digest of kind '" + algorithm + "' is not accepted");
    }
    return MessageDigest.getInstance(known);
  }

  private static byte[] value(JsonNode digest) throws GeneralSecurityException {
    try {
      return HexFormat.of().parseHex(digest.asText().replaceFirst("^[^:]*:", ""));
    } catch (IllegalArgumentException e) {
      throw new GeneralSecurityException("a digest is not one", e);
    }
  }

  /** Launch script, magic, version and id: what signing does not change. */
  private byte[] header() {
    ByteBuffer signed = ByteBuffer.allocate(32 + 10 + 3 + 16);
    return signed.put(sif.header(), 0, 45).put(sif.header(), 48, 16).array();
  }

  /** With a number that counts from the first of the group, and without places and modification. */
  private static byte[] descriptor(SifObject object, long relative) {
    byte[] from = object.descriptor();
    ByteBuffer signed =
        ByteBuffer.allocate(4 + 1 + 4 + 4 + 8 + 8 + 8 + 8 + SifObject.LENGTH - 73)
            .order(ByteOrder.LITTLE_ENDIAN);
    signed.put(from, 0, 5).putInt((int) relative);
    signed.put(from, 13, 4); // link
    signed.put(from, 25, 8); // size
    signed.put(from, 41, 8); // created
    signed.put(from, 57, 16); // uid, gid
    return signed.put(from, 73, SifObject.LENGTH - 73).array();
  }

  private void update(MessageDigest hash, SifObject object) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    long at = object.offset();
    long end = object.offset() + object.size();
    while (at < end) {
      chunk.clear().limit((int) Math.min(CHUNK, end - at));
      int got = file.read(chunk, at);
      if (got < 0) {
        throw new IOException("object " + object.id() + " is cut off");
      }
      hash.update(chunk.flip());
      at += got;
    }
  }

  /** What a signature is about: an object, or all of a group that are no signatures. */
  List<SifObject> covered(SifObject signature) {
    return sif.objects().stream()
        .filter(each -> each.type() != org.lichen.image.singularity.sif.DataType.SIGNATURE)
        .filter(
            each ->
                signature.linksGroup()
                    ? each.group() == signature.link()
                    : each.id() == signature.link())
        .sorted(Comparator.comparingLong(SifObject::id))
        .toList();
  }
}
