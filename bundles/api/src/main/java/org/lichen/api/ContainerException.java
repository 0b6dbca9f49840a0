package org.lichen.api;

/**
 * The one checked failure. Its message says what, which and why; its hint says what the user can
 * do, or is empty. The front door maps {@link Kind} to an exit status.
 */
public class ContainerException extends Exception {
  private static final long serialVersionUID = 1;

  /** Who must act. */
  public enum Kind {
    /** The command line is wrong. */
    USAGE,
    /** What was named does not exist. */
    NOT_FOUND,
    /** It exists already, or something else uses it. */
    CONFLICT,
    /** Data does not have the form or the digest that it must have. */
    CORRUPT,
    /** Lichen, or this machine, cannot do that. */
    UNSUPPORTED,
    /** The operating system, the network or a registry refused. */
    HOST,
    /** A defect of Lichen or of a plugin. */
    INTERNAL
  }

  private final Kind kind;
  private final String hint;

  public ContainerException(Kind kind, String message, String hint) {
    super(message);
    this.kind = kind;
    this.hint = hint;
  }

  public ContainerException(Kind kind, String message, String hint, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.hint = hint;
  }

  public Kind kind() {
    return kind;
  }

  /** What to do about it, or the empty string. */
  public String hint() {
    return hint;
  }
}
