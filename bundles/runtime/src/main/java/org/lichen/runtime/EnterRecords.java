package org.lichen.runtime;

import org.lichen.api.plan.Records;
import org.lichen.api.runtime.ContainerRuntime.EnterOptions;

/** The guest records (docs/FORMATS.md, 3) that an enter step gets appended. */
final class EnterRecords {
  private EnterRecords() {}

  static byte[] of(EnterOptions options) {
    Records.Builder out =
        Records.builder().texts("argv", options.argv()).texts("envi", options.environment());
    if (!options.directory().isEmpty()) {
      out.text("cwd.", options.directory());
    }
    if (!options.user().isEmpty()) {
      out.text("user", options.user());
    }
    if (options.terminal()) {
      out.text("flag", "terminal");
    }
    return out.encoded();
  }
}
