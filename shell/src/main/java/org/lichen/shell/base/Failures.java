package org.lichen.shell.base;

import java.io.PrintStream;
import org.lichen.api.ContainerException;

/** The form of a failure: {@code lichen: WHAT (which): WHY}, and a hint on a line of its own. */
public final class Failures {
  private Failures() {}

  public static void print(ContainerException failure, PrintStream err) {
    err.println("lichen: " + failure.getMessage());
    if (!failure.hint().isEmpty()) {
      err.println("hint: " + failure.hint());
    }
  }
}
