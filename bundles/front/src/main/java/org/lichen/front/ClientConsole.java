package org.lichen.front;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.lichen.api.command.Console;

/** The client's streams and terminal. */
final class ClientConsole implements Console {
  private final Frames frames;
  private final FrameInput in;
  private final PrintStream out;
  private final PrintStream err;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();

  ClientConsole(Frames frames) {
    this.frames = frames;
    this.in = new FrameInput(frames);
    this.out =
        new PrintStream(
            new java.io.BufferedOutputStream(new FrameOutput(frames, 'o'), 1 << 13),
            false,
            StandardCharsets.UTF_8);
    this.err = new PrintStream(new FrameOutput(frames, 'e'), true, StandardCharsets.UTF_8);
  }

  FrameInput input() {
    return in;
  }

  void resized(int columns, int rows) {
    listeners.forEach(listener -> listener.resized(columns, rows));
  }

  @Override
  public InputStream in() {
    return in;
  }

  @Override
  public PrintStream out() {
    return out;
  }

  @Override
  public PrintStream err() {
    return err;
  }

  @Override
  public void raw(boolean on) {
    try {
      frames.write('t', (byte) (on ? 1 : 0));
    } catch (IOException gone) {
      // the client puts its terminal back itself when it ends
    }
  }

  @Override
  public Resizes onResize(Listener listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }
}
