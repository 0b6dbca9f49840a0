package org.lichen.shell.container;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;

/** The value of {@code --entrypoint}: one word, a JSON list, or empty for none. */
final class Entrypoint {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Entrypoint() {}

  static Optional<List<String>> parse(@Nullable String typed) throws ContainerException {
    if (typed == null) {
      return Optional.empty();
    }
    if (typed.startsWith("[")) {
      try {
        return Optional.of(List.of(MAPPER.readValue(typed, String[].class)));
      } catch (JsonProcessingException e) {
        throw SpecOptions.usage("--entrypoint " + typed + ": not a JSON list", "[\"sh\", \"-c\"]");
      }
    }
    return Optional.of(typed.isEmpty() ? List.of() : List.of(typed));
  }
}
