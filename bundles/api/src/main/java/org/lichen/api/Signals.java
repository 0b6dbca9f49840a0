package org.lichen.api;

import java.util.List;
import java.util.Locale;
import org.lichen.api.ContainerException.Kind;

/** Signals of Linux by name and number (x86 and ARM agree on these). */
public final class Signals {
  private static final List<String> NAMES =
      List.of(
          "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
          "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
          "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  private static final int RTMIN = 34;
  private static final int RTMAX = 64;

  private Signals() {}

  /** Reads {@code TERM}, {@code SIGTERM}, {@code 15}, {@code RTMIN+3}. */
  public static int number(String text) throws ContainerException {
    String name = text.toUpperCase(Locale.ROOT).replaceFirst("^SIG", "");
    int known = NAMES.indexOf(name);
    if (known > 0) {
      return known;
    }
    try {
      int number =
          name.startsWith("RTMIN+")
              ? RTMIN + Integer.parseInt(name.substring(6))
              : name.startsWith("RTMAX-")
                  ? RTMAX - Integer.parseInt(name.substring(6))
                  : name.equals("RTMIN")
                      ? RTMIN
                      : name.equals("RTMAX") ? RTMAX : Integer.parseInt(name);
      if (number > 0 && number <= RTMAX) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      // falls through to the refusal
    }
    throw new ContainerException(
        Kind.USAGE, "'" + text + "' is not a signal", "an example: TERM, SIGKILL, 15, RTMIN+3");
  }
}
