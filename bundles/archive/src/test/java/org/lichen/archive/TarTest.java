package org.lichen.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.lichen.api.image.Entry;
import org.lichen.api.image.Entry.Extent;

class TarTest {
  private static TarEntry entry(
      byte[] path,
      Entry.Type type,
      long id,
      Instant time,
      byte[] link,
      Map<String, byte[]> xattrs,
      long size,
      List<Extent> extents,
      byte[] content) {
    return new TarEntry(
        path,
        type,
        04755,
        id,
        id,
        time,
        link,
        0,
        0,
        xattrs,
        size,
        extents,
        Channels.newChannel(new ByteArrayInputStream(content)));
  }

  private static byte[] content(Entry entry) throws IOException {
    ByteBuffer all =
        ByteBuffer.allocate((int) entry.extents().stream().mapToLong(Extent::length).sum());
    while (all.hasRemaining() && entry.content().read(all) >= 0) {}
    return all.array();
  }

  @Test
  void writeAndRead_oddEntries_areTheSame() throws Exception {
    Instant time = Instant.ofEpochSecond(-5, 123_456_789);
    byte[] odd = {'a', (byte) 0xff, '/', '\n'};
    byte[] longest = "d/".repeat(200).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    Map<String, byte[]> xattrs = Map.of("security.capability", new byte[] {1, 0, '\n', (byte) 200});
    byte[] data = {1, 2, 3, 4, 5};
    List<Extent> holes = List.of(new Extent(1 << 20, 2), new Extent(1L << 40, 3));
    List<TarEntry> written =
        List.of(
            entry(
                odd,
                Entry.Type.FILE,
                1L << 33,
                time,
                new byte[0],
                xattrs,
                5,
                List.of(new Extent(0, 5)),
                data),
            entry(
                longest,
                Entry.Type.DIRECTORY,
                0,
                Instant.EPOCH,
                new byte[0],
                Map.of(),
                0,
                List.of(),
                new byte[0]),
            entry(odd, Entry.Type.SYMLINK, 7, time, longest, Map.of(), 0, List.of(), new byte[0]),
            entry(longest, Entry.Type.FILE, 0, time, new byte[0], Map.of(), 1L << 41, holes, data));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TarWriter writer = new TarWriter(out);
    for (TarEntry one : written) {
      writer.write(one);
    }
    writer.finish();
    assertThat(out.size() % 512).isZero();
    TarReader reader = new TarReader(new ByteArrayInputStream(out.toByteArray()));
    for (TarEntry want : written) {
      Entry got = reader.next().orElseThrow();
      assertThat(got.path()).isEqualTo(want.path());
      assertThat(got.type()).isEqualTo(want.type());
      assertThat(got.mode()).isEqualTo(04755);
      assertThat(got.uid()).isEqualTo(want.uid());
      assertThat(got.modified()).isEqualTo(want.modified());
      assertThat(got.link()).isEqualTo(want.link());
      assertThat(got.size()).isEqualTo(want.size());
      assertThat(got.extents()).isEqualTo(want.extents());
      assertThat(got.xattrs().keySet()).isEqualTo(want.xattrs().keySet());
      if (want.type() == Entry.Type.FILE) {
        assertThat(content(got)).isEqualTo(data);
      }
    }
    assertThat(reader.next()).isEmpty();
  }

  @Test
  void read_truncatedAtEveryLength_isRefusedOrEndsAfterAnEntry() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TarWriter writer = new TarWriter(out);
    byte[] path = "x".repeat(150).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    writer.write(
        entry(
            path,
            Entry.Type.FILE,
            1,
            Instant.EPOCH,
            new byte[0],
            Map.of(),
            700,
            List.of(new Extent(0, 700)),
            new byte[700]));
    byte[] whole = out.toByteArray();
    for (int length = 1; length < whole.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(whole, length);
      // Its first two blocks are an extended header, of which alone nothing follows; the content
      // is whole without what fills its last block.
      if (length == 1024 || length == 3 * 512 + 700) {
        continue;
      }
      assertThatThrownBy(() -> names(cut))
          .as("length " + cut.length)
          .isInstanceOf(ArchiveException.class)
          .hasMessageContaining("cut off");
    }
    assertThat(names(whole)).hasSize(1);
    assertThat(names(java.util.Arrays.copyOf(whole, 3 * 512 + 700))).hasSize(1);
  }

  private static List<String> names(byte[] tar) throws IOException {
    List<String> names = new ArrayList<>();
    TarReader reader = new TarReader(new ByteArrayInputStream(tar));
    Optional<Entry> next = reader.next();
    while (next.isPresent()) {
      names.add(org.lichen.posix.Bytes.shown(next.get().path()));
      next = reader.next();
    }
    return names;
  }
}
