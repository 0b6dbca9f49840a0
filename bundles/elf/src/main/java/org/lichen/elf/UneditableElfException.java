package org.lichen.elf;

import java.io.IOException;

/** The file is sound, and what was asked for cannot be done to it. The message says why. */
public final class UneditableElfException extends IOException {
  private static final long serialVersionUID = 1;

  UneditableElfException(String why) {
    super(why);
  }
}
