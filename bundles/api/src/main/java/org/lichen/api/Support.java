package org.lichen.api;

import java.util.List;

/** Whether something can work here, and if not, why and what would help. */
public sealed interface Support {
  /** It works, within these limits (sentences for people; may be empty). */
  record Supported(List<String> limits) implements Support {
    public Supported {
      limits = List.copyOf(limits);
    }
  }

  /** It does not work. */
  record Unsupported(String reason, String remedy) implements Support {}

  static Support yes(String... limits) {
    return new Supported(List.of(limits));
  }

  static Support no(String reason, String remedy) {
    return new Unsupported(reason, remedy);
  }

  default boolean supported() {
    return this instanceof Supported;
  }
}
