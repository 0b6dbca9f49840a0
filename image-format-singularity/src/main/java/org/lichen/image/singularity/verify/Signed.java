package org.lichen.image.singularity.verify;

/** What somebody signed, and who. */
@SuppressWarnings("ArrayRecordComponent")
record Signed(byte[] content, String by) {
  /** The signature is of a key that nobody has given. */
  static final class Unknown extends Exception {
    private static final long serialVersionUID = 1;

    Unknown(String message) {
      super(message);
    }
  }

  /** The signature is none, or not of its content. */
  static final class Bad extends Exception {
    private static final long serialVersionUID = 1;

    Bad(String message) {
      super(message);
    }

    Bad(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
