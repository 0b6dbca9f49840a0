package org.lichen.shell.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;

/**
 * Variables as {@code -e} and {@code --env-file} give them: {@code NAME=VALUE}; {@code NAME} is
 * taken from the caller's environment if it is there; {@code PREFIX*} takes every one that begins
 * so.
 */
final class Variables {
  private Variables() {}

  static List<String> of(List<String> files, List<String> typed, Request request)
      throws ContainerException, IOException {
    List<String> pairs = new ArrayList<>();
    for (String file : files) {
      try {
        for (String line : Files.readAllLines(request.path(file))) {
          if (!line.isBlank() && !line.startsWith("#")) {
            add(line.stripLeading(), request.environment(), pairs);
          }
        }
      } catch (NoSuchFileException e) {
        throw new ContainerException(Kind.NOT_FOUND, "no such file: " + request.path(file), "", e);
      }
    }
    for (String one : typed) {
      add(one, request.environment(), pairs);
    }
    return pairs;
  }

  private static void add(String typed, Map<String, String> callers, List<String> pairs)
      throws ContainerException {
    int equals = typed.indexOf('=');
    if (equals == 0) {
      throw SpecOptions.usage("'" + typed + "' does not name a variable", "NAME=VALUE");
    }
    if (equals > 0) {
      pairs.add(typed);
    } else if (typed.endsWith("*")) {
      String prefix = typed.substring(0, typed.length() - 1);
      callers.forEach(
          (name, value) -> {
            if (name.startsWith(prefix)) {
              pairs.add(name + "=" + value);
            }
          });
    } else if (callers.containsKey(typed)) {
      pairs.add(typed + "=" + callers.get(typed));
    }
  }
}
