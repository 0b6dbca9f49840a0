package org.lichen.image.docker.local;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.image.ImageFormat.Recognition;
import org.lichen.api.image.ImageSource;

/**
 * Whether a source is one of ours, by its content. Of an archive the first entries are looked at: a
 * tar of an image has nothing in it but an image; any other tar may be a root file system.
 */
public final class Recognizer {
  private static final int ENOUGH = 1 << 16;

  /** What is at the top of an OCI layout or of an archive of docker save. */
  private static final Pattern OURS =
      Pattern.compile(
          "oci-layout|index\\.json|manifest\\.json|repositories|blobs(/sha256(/[0-9a-f]{64})?)?"
              + "|[0-9a-f]{64}(\\.json|\\.tar|/VERSION|/json|/layer\\.tar)?");

  private Recognizer() {}

  public static Recognition recognize(ImageSource source) throws ContainerException {
    Optional<Path> directory = source.file().filter(Files::isDirectory);
    if (directory.isPresent()) {
      Tree tree = new DirectoryTree(directory.get().toAbsolutePath().normalize());
      return OciLayout.is(tree)
              || SkopeoDirectory.is(tree)
              || DockerArchive.manifest(tree, source.reference()).isPresent()
          ? Recognition.YES
          : Recognition.NO;
    }
    try {
      return start(start(source.peek(ENOUGH)), source.reference().transport());
    } catch (IOException failed) {
      throw new ContainerException(
          Kind.HOST,
          "cannot read image (" + source.reference() + "): " + failed.getMessage(),
          "",
          failed);
    }
  }

  /** What the first bytes hold, unpacked; as much as can be unpacked of them. */
  private static byte[] start(byte[] packed) {
    Compression compression = Compression.of(packed);
    byte[] plain = new byte[ENOUGH];
    int length = 0;
    try (InputStream in = compression.reader(new ByteArrayInputStream(packed))) {
      for (int count; (count = in.read(plain, length, ENOUGH - length)) > 0; ) {
        length += count;
      }
    } catch (IOException | RuntimeException end) {
      // of what was peeked at, or it is not what its mark says; what there is decides
    }
    return java.util.Arrays.copyOf(plain, length);
  }

  private static Recognition start(byte[] tar, String transport) {
    for (int at = 0; at + TarIndex.BLOCK <= tar.length; ) {
      ByteBuffer block = ByteBuffer.wrap(tar, at, TarIndex.BLOCK).slice();
      TarHeader header;
      try {
        header = TarHeader.parse(block, at);
      } catch (IOException none) {
        return Recognition.NO;
      }
      String name = TarIndex.normal(header.name());
      if (!header.extended() && !name.isEmpty()) {
        boolean ours = !transport.equals("tar") && OURS.matcher(name).matches();
        return ours || transport.equals("tar") ? Recognition.YES : Recognition.MAYBE;
      }
      long next =
          at
              + TarIndex.BLOCK
              + (header.size() + TarIndex.BLOCK - 1) / TarIndex.BLOCK * TarIndex.BLOCK;
      at = (int) Math.min(next, Integer.MAX_VALUE - TarIndex.BLOCK);
    }
    return Recognition.NO;
  }
}
