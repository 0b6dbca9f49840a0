package org.lichen.runtime;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.plan.LaunchPlan.Placement;
import org.lichen.api.plan.Step;

/** Runs programs of plugins that are no guests. */
final class HelperProcess {
  private HelperProcess() {}

  static void run(Step step, Placement placement) throws ContainerException {
    List<String> command = new ArrayList<>(step.argv());
    command.set(0, placement.place(step.program()).toString());
    Ended ended = run(command, Path.of("/"), new byte[0]);
    if (ended.status != 0) {
      throw new ContainerException(Kind.HOST, command.get(0) + " failed: " + ended.said, "");
    }
  }

  /** How a program has ended, and what it has told, on both streams. */
  record Ended(int status, String said) {}

  /** {@code input}: what is on its standard input, as far as it reads. */
  static Ended run(List<String> command, Path directory, byte[] input) throws ContainerException {
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .start();
      give(process, input);
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Ended(process.waitFor(), said.strip());
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot run " + command.get(0) + ": " + e.getMessage(), "", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ContainerException(Kind.HOST, "interrupted", "", e);
    }
  }

  /** A program that ends early tells why by itself. */
  private static void give(Process process, byte[] input) {
    try (OutputStream in = process.getOutputStream()) {
      in.write(input);
    } catch (IOException ended) {
      return; // its output says it
    }
  }

  /** Takes what a program writes, while it runs. */
  @FunctionalInterface
  interface Taker<T> {
    T take(ReadableByteChannel output) throws ContainerException;
  }

  /** The taker sees an end only of output that is whole; else reading it fails. */
  static <T> T read(Step step, Placement placement, Taker<T> taker) throws ContainerException {
    List<String> command = new ArrayList<>(step.argv());
    command.set(0, placement.place(step.program()).toString());
    try {
      Process process = new ProcessBuilder(command).start();
      try {
        process.getOutputStream().close();
        return taker.take(new Output(process));
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot run " + command.get(0) + ": " + e.getMessage(), "", e);
    }
  }

  private static final class Output implements ReadableByteChannel {
    private final Process process;
    private final ReadableByteChannel out;

    Output(Process process) {
      this.process = process;
      this.out = Channels.newChannel(process.getInputStream());
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
      int got = out.read(to);
      try {
        if (got < 0 && process.waitFor() != 0) {
          byte[] said = process.getErrorStream().readAllBytes();
          throw new IOException(new String(said, StandardCharsets.UTF_8).trim());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      return got;
    }

    @Override
    public boolean isOpen() {
      return out.isOpen();
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }
}
