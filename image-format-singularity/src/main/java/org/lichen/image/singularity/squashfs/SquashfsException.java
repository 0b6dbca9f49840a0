package org.lichen.image.singularity.squashfs;

import java.io.IOException;

/** The file system is damaged, or of a kind that is not read; says where and what. */
public final class SquashfsException extends IOException {
  private static final long serialVersionUID = 1;

  SquashfsException(String message) {
    super(message);
  }

  /** {@code offset} counts from the start of the file system, {@code field} is what lies there. */
  static SquashfsException at(long offset, String field, String why) {
    return new SquashfsException("squashfs at byte " + offset + " (" + field + "): " + why);
  }
}
