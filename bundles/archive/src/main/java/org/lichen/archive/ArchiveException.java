package org.lichen.archive;

import java.io.IOException;
import org.lichen.posix.Bytes;
import org.lichen.posix.PosixException;

/** An archive does not have the form that it must have, or asks for what must not be done. */
public final class ArchiveException extends IOException {
  private static final long serialVersionUID = 1;

  public ArchiveException(String message) {
    super(message);
  }

  public ArchiveException(String message, Throwable cause) {
    super(message, cause);
  }

  static ArchiveException entry(byte[] path, String why) {
    return new ArchiveException("entry '" + Bytes.shown(path) + "' " + why);
  }

  /** Of an entry, unless the disk is full, which is nobody's fault. */
  static IOException unpacking(byte[] path, PosixException e) {
    return e.full()
        ? e
        : new ArchiveException(
            "entry '" + Bytes.shown(path) + "' cannot be unpacked: " + e.getMessage(), e);
  }
}
