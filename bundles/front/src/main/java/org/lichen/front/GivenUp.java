package org.lichen.front;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.Cancellation;

/** Whether the client sent a signal or cancel, or is gone. */
final class GivenUp implements Cancellation {
  private final List<Runnable> actions = new ArrayList<>();
  private boolean requested;

  @Override
  public synchronized boolean requested() {
    return requested;
  }

  @Override
  public Registration onRequest(Runnable action) {
    synchronized (this) {
      if (!requested) {
        actions.add(action);
        return () -> forget(action);
      }
    }
    action.run();
    return () -> {};
  }

  private synchronized void forget(Runnable action) {
    actions.remove(action);
  }

  void request() {
    List<Runnable> now;
    synchronized (this) {
      if (requested) {
        return;
      }
      requested = true;
      now = List.copyOf(actions);
      actions.clear();
    }
    now.forEach(Runnable::run);
  }
}
