package org.lichen.store;

import java.io.IOException;
import java.nio.file.FileSystemException;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.archive.ArchiveException;
import org.lichen.posix.PosixException;

/** Turns what went wrong below into what a user can understand. */
final class Failures {
  private Failures() {}

  /**
   * {@code what} says what was tried and on which object: {@code cannot store layer (sha256:…)}.
   */
  static ContainerException told(String what, IOException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof ContainerException already) {
        return already;
      }
      if (cause instanceof PosixException posix && (posix.full() || cause == e)) {
        return posix.told(what);
      }
    }
    return e instanceof ArchiveException
        ? new ContainerException(Kind.CORRUPT, what + ": " + e.getMessage(), "", e)
        : new ContainerException(Kind.HOST, what + ": " + reason(e), "", e);
  }

  /** While a layer is read: what is no failure of the system is damage. */
  static ContainerException unpacking(String what, IOException e) {
    boolean system = e instanceof PosixException || e instanceof FileSystemException;
    ContainerException told = told(what, e);
    return system || told.getCause() != e
        ? told
        : new ContainerException(Kind.CORRUPT, what + ": " + reason(e), "", e);
  }

  private static String reason(IOException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  static ContainerException corrupt(String message) {
    return new ContainerException(
        Kind.CORRUPT, message, "lichen system check --repair removes what is damaged");
  }
}
