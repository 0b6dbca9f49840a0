package org.lichen.api;

/**
 * Which of the caller's descriptors 0, 1, 2 are terminals, and what the terminal is. Columns and
 * rows are 0 when there is none; {@code type} is the caller's TERM.
 */
public record Terminal(boolean in, boolean out, boolean error, int columns, int rows, String type) {
  /** No terminal at all. */
  public static final Terminal NONE = new Terminal(false, false, false, 0, 0, "");
}
