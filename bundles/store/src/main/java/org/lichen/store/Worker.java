package org.lichen.store;

import java.io.IOException;
import java.util.Optional;

/** A thread that does one part of a pipeline, and how that ended. */
final class Worker {
  /** What it does. */
  @FunctionalInterface
  interface Work {
    void run() throws IOException;
  }

  private final Thread thread;
  private volatile Optional<Throwable> failure = Optional.empty();

  private Worker(String name, Work work) {
    thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException | RuntimeException | Error e) {
                failure = Optional.of(e);
              }
            },
            name);
    thread.setDaemon(true);
  }

  static Worker start(String name, Work work) {
    Worker worker = new Worker(name, work);
    worker.thread.start();
    return worker;
  }

  /** Waits for its end, even when interrupted: it works on files that are cleaned up afterwards. */
  Optional<Throwable> end() {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return failure;
  }
}
