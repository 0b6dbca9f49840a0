package org.lichen.image.singularity.sif;

import java.io.IOException;

/** The file is no SIF, or one that is damaged; says where and what. */
public final class SifException extends IOException {
  private static final long serialVersionUID = 1;

  /** {@code offset} counts from the start of the file, {@code field} is what lies there. */
  static SifException at(long offset, String field, String why) {
    return new SifException("SIF at byte " + offset + " (" + field + "): " + why);
  }

  private SifException(String message) {
    super(message);
  }
}
