package org.lichen.testkit;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.lichen.api.Cancellation;

/** A caller who gives up when the test says so. */
public final class FakeCancellation implements Cancellation {
  private final List<Runnable> actions = new CopyOnWriteArrayList<>();
  private volatile boolean requested;

  /** Gives up. */
  public synchronized void request() {
    requested = true;
    actions.forEach(Runnable::run);
    actions.clear();
  }

  @Override
  public boolean requested() {
    return requested;
  }

  @Override
  public synchronized Registration onRequest(Runnable action) {
    if (requested) {
      action.run();
      return () -> {};
    }
    actions.add(action);
    return () -> actions.remove(action);
  }
}
