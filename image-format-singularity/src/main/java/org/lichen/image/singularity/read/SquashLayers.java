package org.lichen.image.singularity.read;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.Request;
import org.lichen.api.image.Entry;
import org.lichen.api.image.EntryStream;
import org.lichen.api.image.LayerReader;
import org.lichen.api.image.PackedFiles;
import org.lichen.api.rootfs.Lower;
import org.lichen.image.singularity.squashfs.Limits;
import org.lichen.image.singularity.squashfs.SquashEntries;
import org.lichen.image.singularity.squashfs.Squashfs;
import org.osgi.service.component.annotations.Component;

/** Reads layers that are a squashfs; one that hides nothing can be mounted as it is. */
@Component(service = LayerReader.class)
public final class SquashLayers implements LayerReader {
  /** A whole root file system. */
  static final String ROOT = "application/vnd.lichen.image.layer.v1.squashfs";

  /** Of an OCI-SIF: it says what is absent as overlayfs does. */
  static final String MARKED = "application/vnd.sylabs.image.layer.v1.squashfs";

  @Override
  public Set<String> mediaTypes() {
    return Set.of(ROOT, MARKED);
  }

  @Override
  public Optional<String> lower(String mediaType) {
    return mediaType.equals(ROOT) ? Optional.of(Lower.SQUASHFS) : Optional.empty();
  }

  @Override
  public EntryStream entries(Path blob, String mediaType, Request request) throws IOException {
    FileChannel file = FileChannel.open(blob, StandardOpenOption.READ);
    try {
      Squashfs from = new Squashfs(file, 0, file.size());
      EntryStream entries = new SquashEntries(from, limits(from, request));
      return new Owned(mediaType.equals(MARKED) ? new OverlayMarks(entries) : entries, file);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  @Override
  public Optional<PackedFiles> files(Path blob, String mediaType) throws IOException {
    if (lower(mediaType).isEmpty()) {
      return Optional.empty();
    }
    FileChannel file = FileChannel.open(blob, StandardOpenOption.READ);
    try {
      return Optional.of(new Found(new Squashfs(file, 0, file.size()), file));
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private record Found(Squashfs from, FileChannel file) implements PackedFiles {
    @Override
    public Optional<Entry.Type> type(String path) throws IOException {
      return from.type(path);
    }

    @Override
    public Optional<String> link(String path) throws IOException {
      return from.link(path);
    }

    @Override
    public Optional<byte[]> content(String path, int most) throws IOException {
      return from.content(path, most);
    }

    @Override
    public void close() throws IOException {
      try (file) {
        from.close();
      }
    }
  }

  private static Limits limits(Squashfs from, Request request) {
    Limits usual = Limits.usual(from.size());
    return new Limits(
        number(request, "singularity.limits.bytes", usual.bytes()),
        number(request, "singularity.limits.entries", usual.entries()));
  }

  private static long number(Request request, String key, long otherwise) {
    return request.configuration().value(key).orElse(null) instanceof Number number
        ? number.longValue()
        : otherwise;
  }

  /** Entries that close the file that they are read from. */
  private record Owned(EntryStream entries, FileChannel file) implements EntryStream {
    @Override
    public Optional<Entry> next() throws IOException {
      return entries.next();
    }

    @Override
    public void close() throws IOException {
      try (file) {
        entries.close();
      }
    }
  }
}
