package org.lichen.api;

import java.util.OptionalLong;
import org.osgi.annotation.versioning.ProviderType;

/** Where long work tells how far it is. Thread-safe; tasks of several threads may run at once. */
@ProviderType
public interface Progress {
  /** Begins a task of {@code total} units (bytes), or of unknown length. */
  Task begin(String what, OptionalLong total);

  /** A task under way; closing it ends it. */
  @ProviderType
  interface Task extends AutoCloseable {
    void advance(long units);

    /** Replaces the word beside the bar: {@code waiting}, {@code unpacking}, {@code done}. */
    void note(String state);

    @Override
    void close();
  }

  /** Tells nobody. */
  Progress SILENT =
      (what, total) ->
          new Task() {
            @Override
            public void advance(long units) {}

            @Override
            public void note(String state) {}

            @Override
            public void close() {}
          };
}
