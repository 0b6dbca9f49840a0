package org.lichen.front;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Counts conversations, and makes the runtime leave when there was none for a while. */
final class Idleness implements AutoCloseable {
  private static final Duration DEFAULT = Duration.ofMinutes(5);

  private final boolean once;
  private final Runnable leave;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "idle clock");
            thread.setDaemon(true);
            return thread;
          });
  private Duration limit = DEFAULT;
  private int running;
  private boolean leaving;
  private @Nullable ScheduledFuture<?> alarm;

  /** {@code once}: leave after the first conversation. */
  Idleness(boolean once, Runnable leave) {
    this.once = once;
    this.leave = leave;
  }

  synchronized void start() {
    arm();
  }

  /** Begins a conversation; false if the runtime is leaving. */
  synchronized boolean begin() {
    if (leaving) {
      return false;
    }
    running++;
    disarm();
    return true;
  }

  synchronized void end() {
    running--;
    if (once) {
      depart();
    } else if (running == 0) {
      arm();
    }
  }

  /** How long to stay when nothing is asked. */
  synchronized void limit(Duration value) {
    limit = value;
  }

  /** Leaves if nothing but the asking conversation is under way. */
  synchronized boolean leaveIfIdle() {
    if (running > 1) {
      return false;
    }
    depart();
    return true;
  }

  private void arm() {
    disarm();
    alarm = clock.schedule(this::expired, limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void disarm() {
    if (alarm != null) {
      alarm.cancel(false);
    }
  }

  private synchronized void expired() {
    if (running == 0) {
      depart();
    }
  }

  private void depart() {
    if (!leaving) {
      leaving = true;
      // On a thread of its own: stopping the framework waits for this component.
      Thread thread = new Thread(leave, "leave");
      thread.start();
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
