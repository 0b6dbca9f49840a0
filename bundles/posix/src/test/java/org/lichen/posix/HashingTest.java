package org.lichen.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lichen.api.Digest;

class HashingTest {
  @Test
  void everyLength_inAnyParts_isAsJavaSays() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    MessageDigest ours = Hashing.hasher("sha256");
    for (int length = 0; length < 700; length++) {
      byte[] data = new byte[length + 7];
      random.nextBytes(data);
      int at = 7;
      while (at < data.length) {
        int part = 1 + random.nextInt(data.length - at);
        ours.update(data, at, part);
        at += part;
      }
      MessageDigest java = Digest.hasher("sha256");
      java.update(data, 7, length);
      assertThat(ours.digest()).as("length %d, seed %d", length, seed).isEqualTo(java.digest());
    }
  }

  @Test
  void processor_withTheInstructions_isUsed() throws Exception {
    boolean able = Files.readString(Path.of("/proc/cpuinfo")).contains(" sha_ni ");
    assertThat(Hashing.hasher("sha256").getClass() == Sha256.class).isEqualTo(able);
  }

  @Test
  void reset_forgets() {
    MessageDigest ours = Hashing.hasher("sha256");
    ours.update(new byte[100]);
    ours.reset();
    assertThat(ours.digest()).isEqualTo(Digest.hasher("sha256").digest());
  }

  @Test
  void sha512_isJavas() {
    assertThat(Hashing.hasher("sha512").getAlgorithm()).isEqualTo("SHA-512");
  }
}
