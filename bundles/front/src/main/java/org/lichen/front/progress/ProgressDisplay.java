package org.lichen.front.progress;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.lichen.api.Progress;
import org.lichen.api.Terminal;

/**
 * On a terminal one line for each task, drawn again ten times a second; otherwise one plain line
 * when a task begins a state and one when it ends. Closing it leaves the last state standing.
 */
public final class ProgressDisplay implements Progress, AutoCloseable {
  private static final int PERIOD_MILLIS = 100;

  private final PrintStream err;
  private final Terminal terminal;
  private final List<Line> lines = new ArrayList<>();
  private @Nullable ScheduledExecutorService clock;
  private int drawn;

  public ProgressDisplay(PrintStream err, Terminal terminal) {
    this.err = err;
    this.terminal = terminal;
  }

  @Override
  public synchronized Task begin(String what, OptionalLong total) {
    Line line = new Line(what, total, System.nanoTime());
    lines.add(line);
    if (terminal.error() && clock == null) {
      clock =
          Executors.newSingleThreadScheduledExecutor(
              task -> {
                Thread thread = new Thread(task, "progress");
                thread.setDaemon(true);
                return thread;
              });
      clock.scheduleAtFixedRate(this::draw, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }
    return new Running(line);
  }

  private synchronized void draw() {
    StringBuilder screen = new StringBuilder();
    if (drawn > 0) {
      screen.append("\033[").append(drawn).append('A');
    }
    for (Line line : lines) {
      screen.append("\r\033[K").append(line.bar(terminal.columns())).append('\n');
    }
    drawn = lines.size();
    err.print(screen);
    err.flush();
  }

  @Override
  public synchronized void close() {
    if (clock != null) {
      clock.shutdownNow();
      draw();
      clock = null;
    }
    lines.clear();
    drawn = 0;
  }

  private synchronized void plain(String text) {
    if (!terminal.error()) {
      err.println(text);
    }
  }

  /** A task as its owner sees it. */
  private final class Running implements Task {
    private final Line line;
    private boolean closed;

    Running(Line line) {
      this.line = line;
    }

    @Override
    public void advance(long units) {
      line.advance(units);
    }

    @Override
    public void note(String state) {
      if (!line.state().equals(state)) {
        line.state(state);
        if (state.equals("already there")) {
          plain(line.what() + ": already there");
        }
      }
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        boolean skipped = line.state().equals("already there");
        line.end(System.nanoTime());
        if (!skipped) {
          plain(line.summary());
        }
      }
    }
  }
}
