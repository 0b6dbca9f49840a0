package org.lichen.api;

import org.osgi.annotation.versioning.ProviderType;

/** Whether the caller has given up (Ctrl-C, or it is gone). Thread-safe. */
@ProviderType
public interface Cancellation {
  boolean requested();

  /** Runs {@code action} once when the caller gives up, at once if it has; closing forgets it. */
  Registration onRequest(Runnable action);

  /** Throws what a cancelled command ends with, if the caller has given up. */
  default void check() throws ContainerException {
    if (requested()) {
      throw new ContainerException(ContainerException.Kind.HOST, "interrupted", "");
    }
  }

  /** Undoes a registration. */
  interface Registration extends AutoCloseable {
    @Override
    void close();
  }

  /** Nobody ever gives up. */
  Cancellation NEVER =
      new Cancellation() {
        @Override
        public boolean requested() {
          return false;
        }

        @Override
        public Registration onRequest(Runnable action) {
          return () -> {};
        }
      };
}
