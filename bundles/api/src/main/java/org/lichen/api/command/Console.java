package org.lichen.api.command;

import java.io.InputStream;
import java.io.PrintStream;
import org.osgi.annotation.versioning.ProviderType;

/** The caller's standard streams and terminal. */
@ProviderType
public interface Console {
  /** Asked of the client only on the first read: a guest may want the caller's input instead. */
  InputStream in();

  PrintStream out();

  PrintStream err();

  /** Switches the caller's terminal to raw mode, or back. */
  void raw(boolean on);

  /** Calls {@code listener} when the caller's terminal changes its size; closing ends that. */
  Resizes onResize(Listener listener);

  /** Told of a new size. */
  @FunctionalInterface
  interface Listener {
    void resized(int columns, int rows);
  }

  /** Undoes a registration. */
  interface Resizes extends AutoCloseable {
    @Override
    void close();
  }
}
