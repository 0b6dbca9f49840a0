package org.lichen.image.singularity.sif;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lichen.image.singularity.Fuzz;
import org.lichen.testkit.Needs;

/** SIFs of sylabs/sif's own tests; {@code one-group.sif} has two partitions of 386. */
class SifTest {
  private static final int TABLE = 4096;

  @TempDir Path directory;
  private byte[] group = new byte[0];

  @BeforeEach
  void read() throws IOException {
    group = Files.readAllBytes(Needs.fixture("sif/one-group.sif"));
  }

  private Sif sif(byte[] bytes) throws IOException {
    Path file = directory.resolve("file");
    Files.write(file, bytes);
    return open(file);
  }

  private static Sif open(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return Sif.read(channel);
    }
  }

  private Throwable failure(byte[] bytes) {
    return catchThrowable(() -> sif(bytes));
  }

  private static ByteBuffer numbers(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void lpmx_isDefinitionAndPrimaryPartition() throws IOException {
    Sif sif = open(Needs.fixture("lpmx-testcontainer.sif"));
    assertThat(sif.launch()).isEqualTo("#!/usr/bin/env run-singularity\n");
    assertThat(sif.version()).isEqualTo("01");
    assertThat(sif.architecture()).contains(Architecture.AMD64);
    assertThat(sif.uuid()).hasToString("9a96f097-bb65-4c49-9e03-3717d73031e3");
    assertThat(sif.created()).isEqualTo(1565367173);
    assertThat(sif.objects())
        .extracting(SifObject::type)
        .containsExactly(DataType.DEFINITION, DataType.PARTITION);
    SifObject root = sif.primary().orElseThrow();
    assertThat(root.id()).isEqualTo(2);
    assertThat(root.group()).isEqualTo(1);
    assertThat(root.link()).isZero();
    assertThat(root.offset()).isEqualTo(1048576);
    assertThat(root.size()).isEqualTo(704512);
    assertThat(root.uid()).isEqualTo(1000);
    assertThat(root.name()).isEqualTo("busybox.squash");
    assertThat(root.fileSystem()).contains(SifObject.FileSystem.SQUASHFS);
    assertThat(root.architecture()).contains(Architecture.AMD64);
  }

  @ParameterizedTest
  @CsvSource({
    "empty.sif, ''",
    "one-group.sif, FS FS",
    "one-group-signed-pgp.sif, FS FS Signature",
    "one-group-signed-legacy.sif, FS FS Signature",
    "one-group-signed-dsse.sif, FS FS Signature",
    "one-object-time.sif, JSON.Generic",
    "one-object-generic-json.sif, JSON.Generic",
    "one-object-sbom.sif, SBOM",
    "one-object-oci-blob.sif, OCI.Blob"
  })
  void everyFixture_isListed(String name, String types) throws IOException {
    List<SifObject> objects = open(Needs.fixture("sif/" + name)).objects();
    assertThat(String.join(" ", objects.stream().map(o -> o.type().toString()).toList()))
        .isEqualTo(types);
  }

  @Test
  void signature_linksTheGroup() throws IOException {
    SifObject signature =
        open(Needs.fixture("sif/one-group-signed-pgp.sif")).first(DataType.SIGNATURE).orElseThrow();
    assertThat(signature.linksGroup()).isTrue();
    assertThat(signature.link()).isEqualTo(1);
    assertThat(signature.group()).isZero();
    assertThat(signature.hash()).isEqualTo(1);
    assertThat(signature.fingerprint()).startsWith(0x12, 0x04, 0x5c, 0x8c);
  }

  @Test
  void ociBlob_saysItsDigest() throws IOException {
    assertThat(
            open(Needs.fixture("sif/one-object-oci-blob.sif"))
                .first(DataType.OCI_BLOB)
                .map(SifObject::digest))
        .hasValueSatisfying(digest -> assertThat(digest).matches("sha256:[0-9a-f]{64}"));
  }

  @Test
  void truncatedAtAnyLength_isRefused() throws IOException {
    int whole = 36864 + 4096; // where the last object ends
    assertThat(group).hasSize(whole);
    Path file = Files.write(directory.resolve("file"), group);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      for (int length = whole - 1; length >= 0; length--) {
        channel.truncate(length);
        Throwable failure = catchThrowable(() -> Sif.read(channel));
        boolean told =
            failure instanceof SifException
                && String.valueOf(failure.getMessage()).startsWith("SIF at byte ");
        if (!told) {
          throw new AssertionError("the first " + length + " bytes", failure);
        }
      }
    }
  }

  @Test
  void anyByteOfHeaderAndTable_canBeAnything() {
    for (int at = 0; at < 128 + 2 * SifObject.LENGTH; at++) {
      int position = at < 128 ? at : TABLE + at - 128;
      for (int bit : new int[] {1, 0x80, 0xff}) {
        byte[] changed = group.clone();
        changed[position] ^= (byte) bit;
        Throwable failure = failure(changed);
        assertThat(failure == null || failure instanceof SifException)
            .as("byte " + position + ": " + failure)
            .isTrue();
      }
    }
  }

  @Test
  void anotherVersion_isRefused() {
    group[43] = '9';
    assertThat(failure(group)).hasMessage("SIF at byte 42 (version): '09' is not read, only 01");
  }

  @Test
  void anObjectBeyondTheFile_isCutOff() {
    numbers(group).putLong(TABLE + SifObject.LENGTH + 25, 1 << 30);
    assertThat(failure(group))
        .hasMessageContaining("SIF at byte 4698 (offset of object 2)")
        .hasMessageContaining("the file at 40960: it is cut off");
    numbers(group).putLong(TABLE + SifObject.LENGTH + 25, Long.MAX_VALUE);
    assertThat(failure(group)).hasMessageContaining("it is cut off");
    numbers(group).putLong(TABLE + SifObject.LENGTH + 25, -1);
    assertThat(failure(group)).hasMessageContaining("cannot be");
  }

  @Test
  void objectsInEachOther_areRefused() {
    numbers(group).putLong(TABLE + SifObject.LENGTH + 17, 32770);
    assertThat(failure(group)).hasMessage("SIF at byte 32770 (object 2): it lies in object 1 too");
  }

  @Test
  void anObjectInTheTable_isRefused() {
    numbers(group).putLong(TABLE + 17, 4100);
    assertThat(failure(group)).hasMessageContaining("in the table of descriptors too");
  }

  @Test
  void twoObjectsOfOneNumber_areRefused() {
    numbers(group).putInt(TABLE + SifObject.LENGTH + 5, 1);
    assertThat(failure(group)).hasMessageContaining("two objects have the number 1");
  }

  @Test
  void moreDescriptorsThanCanBe_areRefused() {
    for (long total : new long[] {-1, 49, 70_000, Long.MAX_VALUE}) {
      numbers(group).putLong(88, total);
      assertThat(failure(group)).as(total + "").isInstanceOf(SifException.class);
    }
  }

  @Test
  void unknownType_isRefused() {
    numbers(group).putInt(TABLE, 0x4099);
    assertThat(failure(group)).hasMessage("SIF at byte 4096 (type): 0x4099 is unknown");
  }

  @Test
  void content_isOfLimitedSize() throws IOException {
    Path file = Needs.fixture("lpmx-testcontainer.sif");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      SifObject definition = Sif.read(channel).first(DataType.DEFINITION).orElseThrow();
      assertThat(Sif.content(channel, definition, 62)).asString().contains("busybox");
      assertThat(catchThrowable(() -> Sif.content(channel, definition, 61)))
          .hasMessageContaining("it has 62 bytes, and 61 are possible");
    }
  }

  @Test
  void changedAtRandom_isReadOrRefused() throws Exception {
    Fuzz fuzz = new Fuzz("sif", TABLE + 3 * SifObject.LENGTH, List.of(group));
    fuzz.run(
        changed -> {
          Throwable failure = failure(changed);
          if (failure != null && !(failure instanceof SifException)) {
            throw new IllegalStateException(failure);
          }
        },
        Set.of());
  }
}
