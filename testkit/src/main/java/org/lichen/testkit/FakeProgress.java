package org.lichen.testkit;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.lichen.api.Progress;

/** Keeps what it is told. */
public final class FakeProgress implements Progress {
  private final List<FakeTask> tasks = new CopyOnWriteArrayList<>();

  @Override
  public Task begin(String what, OptionalLong total) {
    FakeTask task = new FakeTask(what, total);
    tasks.add(task);
    return task;
  }

  /** Every task so far, in the order of their beginnings. */
  public List<FakeTask> tasks() {
    return tasks;
  }

  /** One task. */
  public static final class FakeTask implements Task {
    private final String what;
    private final OptionalLong total;
    private final AtomicLong units = new AtomicLong();
    private final List<String> notes = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    FakeTask(String what, OptionalLong total) {
      this.what = what;
      this.total = total;
    }

    public String what() {
      return what;
    }

    public OptionalLong total() {
      return total;
    }

    public long units() {
      return units.get();
    }

    /** Every note, in order. */
    public List<String> notes() {
      return notes;
    }

    public boolean closed() {
      return closed;
    }

    @Override
    public void advance(long more) {
      units.addAndGet(more);
    }

    @Override
    public void note(String state) {
      notes.add(state);
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
