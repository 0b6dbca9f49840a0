package org.lichen.shell;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;

/**
 * The options before the command. {@code --home} and {@code --foreground} concern the client, which
 * has acted on them already.
 */
final class GlobalOptions {
  private static final Set<String> LEVELS =
      Set.of("trace", "debug", "info", "warn", "warning", "error", "mute");

  private String level = "warn";

  /** The words from the command on. */
  List<String> parse(List<String> argv) throws ContainerException {
    List<String> words = new ArrayList<>(argv);
    while (!words.isEmpty() && words.get(0).startsWith("-")) {
      String word = words.remove(0);
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      switch (name) {
        case "-h", "--help" -> words.add(0, "help");
        case "-v", "--version" -> words.add(0, "version");
        case "--foreground" -> {}
        case "--home" -> value(word, equals, words);
        case "--log-level" -> level = level(value(word, equals, words));
        default ->
            throw new ContainerException(
                Kind.USAGE, "unknown global option '" + word + "'", "lichen help");
      }
    }
    return words;
  }

  private static String value(String word, int equals, List<String> words)
      throws ContainerException {
    if (equals >= 0) {
      return word.substring(equals + 1);
    }
    if (words.isEmpty()) {
      throw new ContainerException(Kind.USAGE, word + " needs a value", "lichen help");
    }
    return words.remove(0);
  }

  private static String level(String text) throws ContainerException {
    if (!LEVELS.contains(text)) {
      throw new ContainerException(
          Kind.USAGE, "'" + text + "' is not a log level", "one of " + String.join(", ", LEVELS));
    }
    return text;
  }

  void trace(Exception failure, PrintStream err) {
    if (level.equals("debug") || level.equals("trace")) {
      failure.printStackTrace(err);
    }
  }
}
