package org.lichen.image.singularity.read;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.image.singularity.sif.Sif;
import org.lichen.image.singularity.sif.SifObject;
import org.lichen.image.singularity.squashfs.Squashfs;

/**
 * A file that holds an image, and where in it the root file system lies. {@code sif} is empty for a
 * bare squashfs, with or without the line {@code #!/usr/bin/env run-singularity} of Singularity 2;
 * an OCI image in a SIF has no one root file system, and {@code size} is 0. Closing it closes the
 * file.
 */
record ImageFile(FileChannel file, Optional<Sif> sif, long offset, long size)
    implements AutoCloseable {
  /** What is looked at to tell what a file is. */
  static final int HEAD = 4096;

  private static final String SHEBANG = "#!";
  private static final String RUN = "run-singularity";
  private static final int EXT_MAGIC = 1080; // of ext2, 3, 4: 0xef53 in the superblock at 1024

  /** What a file is. */
  enum Form {
    SIF,
    SQUASHFS,
    EXT,
    UNKNOWN
  }

  static Form form(byte[] head) {
    if (Sif.begins(head)) {
      return Form.SIF;
    }
    int skip = shebang(head);
    byte[] rest = java.util.Arrays.copyOfRange(head, skip, head.length);
    if (Squashfs.begins(rest)) {
      return Form.SQUASHFS;
    }
    boolean ext =
        rest.length > EXT_MAGIC + 1
            && rest[EXT_MAGIC] == 0x53
            && rest[EXT_MAGIC + 1] == (byte) 0xef;
    return ext ? Form.EXT : Form.UNKNOWN;
  }

  /** Length of Singularity 2's first line, or 0. */
  private static int shebang(byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    int end = text.indexOf('\n');
    return text.startsWith(SHEBANG) && end > 0 && text.substring(0, end).contains(RUN)
        ? end + 1
        : 0;
  }

  /**
   * Opens a file and finds the root file system; {@code what} names it in failures.
   *
   * @throws ContainerException UNSUPPORTED for what Singularity runs and Lichen does not
   */
  static ImageFile open(Path path, String what) throws IOException, ContainerException {
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
    try {
      ByteBuffer head = ByteBuffer.allocate(HEAD);
      while (head.hasRemaining() && file.read(head, head.position()) >= 0) {
        // until it is full, or the file at its end
      }
      byte[] bytes = new byte[head.flip().remaining()];
      head.get(bytes);
      return switch (form(bytes)) {
        case SIF -> sif(file, what);
        case SQUASHFS -> {
          int skip = shebang(bytes);
          yield new ImageFile(file, Optional.empty(), skip, file.size() - skip);
        }
        case EXT -> throw ext(what);
        case UNKNOWN ->
            throw new ContainerException(
                Kind.CORRUPT,
                "cannot read image (" + what + "): it is neither a SIF nor a squashfs",
                "");
      };
    } catch (IOException | ContainerException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static ContainerException ext(String what) {
    return new ContainerException(
        Kind.UNSUPPORTED,
        "cannot read image ("
            + what
            + "): its root file system is ext3, as Singularity 2 made it; only squashfs is read",
        "make it anew where there is singularity or apptainer: apptainer build NEW.sif OLD.img");
  }

  private static ImageFile sif(FileChannel file, String what)
      throws IOException, ContainerException {
    Sif sif = Sif.read(file);
    if (OciSif.is(sif)) {
      return new ImageFile(file, Optional.of(sif), 0, 0);
    }
    SifObject root =
        sif.primary()
            .orElseThrow(
                () ->
                    new ContainerException(
                        Kind.UNSUPPORTED,
                        "cannot run image (" + what + "): this SIF has no primary partition",
                        "lichen sif list FILE shows what it has"));
    SifObject.FileSystem form =
        root.fileSystem()
            .orElseThrow(
                () ->
                    new ContainerException(
                        Kind.UNSUPPORTED,
                        "cannot read image ("
                            + what
                            + "): the file system of object "
                            + root.id()
                            + " is of a kind that nobody has described",
                        ""));
    return switch (form) {
      case SQUASHFS -> new ImageFile(file, Optional.of(sif), root.offset(), root.size());
      case EXT3 -> throw ext(what);
      case ENCRYPTED ->
          throw new ContainerException(
              Kind.UNSUPPORTED,
              "cannot read image (" + what + "): object " + root.id() + " is encrypted",
              "build it without --encrypt, or from its definition file: lichen sif dump 1 FILE");
      case ARCHIVE, RAW ->
          throw new ContainerException(
              Kind.UNSUPPORTED,
              "cannot read image ("
                  + what
                  + "): object "
                  + root.id()
                  + " is of kind "
                  + form
                  + ", not a squashfs",
              "");
    };
  }

  boolean oci() {
    return sif.filter(OciSif::is).isPresent();
  }

  Squashfs squashfs() throws IOException {
    return new Squashfs(file, offset, size);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
