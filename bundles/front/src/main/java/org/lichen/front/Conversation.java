package org.lichen.front;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.lichen.api.Configuration;
import org.lichen.api.ConfigurationSource;
import org.lichen.api.ContainerException;
import org.lichen.api.Terminal;
import org.lichen.api.command.Dispatcher;
import org.lichen.api.command.Outcome;
import org.lichen.api.plan.LaunchPlan;
import org.lichen.api.plan.Records;
import org.lichen.api.runtime.ContainerRuntime;
import org.lichen.front.progress.ProgressDisplay;

/** One client: its request, then its input and signals; our output, then how it ends. */
final class Conversation implements Runnable {
  /** What a conversation needs of the framework. */
  record Services(
      Dispatcher dispatcher, ContainerRuntime runtime, ConfigurationSource configuration) {}

  private static final int HEARTBEAT_SECONDS = 5;
  private static final int FAILED = 125;

  private final SocketChannel channel;
  private final Frames frames;
  private final Services services;
  private final Idleness idleness;
  private final GivenUp givenUp = new GivenUp();

  Conversation(SocketChannel channel, Services services, Idleness idleness) {
    this.channel = channel;
    this.frames = new Frames(channel);
    this.services = services;
    this.idleness = idleness;
  }

  @Override
  public void run() {
    if (!idleness.begin()) {
      close();
      return;
    }
    ScheduledExecutorService heart = Executors.newSingleThreadScheduledExecutor(Thread::new);
    try (channel) {
      Frames.Frame first = frames.read();
      switch (first.type()) {
        case 'Q' -> frames.number('x', idleness.leaveIfIdle() ? 0 : 1);
        case 'R' -> {
          heart.scheduleAtFixedRate(
              this::beat, HEARTBEAT_SECONDS, HEARTBEAT_SECONDS, TimeUnit.SECONDS);
          serve(Records.decode(first.payload()));
        }
        default -> refuse(first.type());
      }
    } catch (IOException | IllegalArgumentException gone) {
      // the client is gone, or is none of ours
    } finally {
      givenUp.request();
      heart.shutdownNow();
      idleness.end();
    }
  }

  private void refuse(char type) throws IOException {
    String why = "lichen: unknown frame '" + type + "' from the client\n";
    frames.write('e', why.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    frames.number('x', FAILED);
  }

  private void serve(Records in) throws IOException {
    ClientConsole console = new ClientConsole(frames);
    Thread listener = new Thread(() -> listen(console), "client input");
    listener.setDaemon(true);
    listener.start();
    Map<String, String> environment = ClientRequest.environment(in);
    Terminal terminal = ClientRequest.terminal(in);
    idleLimit(environment);
    Outcome outcome;
    try (ProgressDisplay progress = new ProgressDisplay(console.err(), terminal)) {
      Configuration configuration = services.configuration().read(environment);
      outcome =
          services
              .dispatcher()
              .dispatch(
                  new ClientRequest(
                      in.texts("argv"),
                      environment,
                      Path.of(in.text("cwd.").isEmpty() ? "/" : in.text("cwd.")),
                      (int) in.number("umsk", 022),
                      terminal,
                      progress,
                      givenUp,
                      configuration,
                      console.err()::println),
                  console);
    } catch (ContainerException e) {
      console.err().println("lichen: " + e.getMessage());
      outcome = Outcome.exit(FAILED);
    }
    console.out().flush();
    finish(outcome, console);
  }

  private void finish(Outcome outcome, ClientConsole console) throws IOException {
    if (outcome instanceof Outcome.Exit exit) {
      frames.number('x', exit.status());
    } else if (outcome instanceof Outcome.Execute execute) {
      try {
        for (LaunchPlan plan : execute.plans()) {
          frames.write('p', services.runtime().encode(plan));
        }
        if (execute.kept().isPresent()) {
          frames.write('k', encoded(execute.kept().get()));
        }
        frames.write(execute.again() ? 'a' : 'g');
      } catch (ContainerException e) {
        console.err().println("lichen: " + e.getMessage());
        frames.number('x', FAILED);
      }
    }
  }

  /** Files first: the client reads the plan only if they are as they were. */
  private byte[] encoded(Outcome.Kept kept) throws ContainerException {
    Records.Builder out = Records.builder();
    kept.stamps()
        .forEach(
            (path, stamp) ->
                out.records(
                    "stmp", Records.builder().text("path", path.toString()).text("stat", stamp)));
    return out.bytes("plan", services.runtime().encode(kept.plan())).encoded();
  }

  private void idleLimit(Map<String, String> environment) {
    String seconds = environment.getOrDefault("LICHEN_IDLE_SECONDS", "");
    if (seconds.matches("[0-9]{1,9}")) {
      idleness.limit(Duration.ofSeconds(Long.parseLong(seconds)));
    }
  }

  private void listen(ClientConsole console) {
    try {
      while (true) {
        Frames.Frame frame = frames.read();
        switch (frame.type()) {
          case 'I' -> console.input().arrived(frame.payload());
          case 'W' -> {
            ByteBuffer size = ByteBuffer.wrap(frame.payload());
            int rows = size.getShort();
            console.resized(size.getShort(), rows);
          }
          case 'S', 'C' -> givenUp.request();
          default -> {
            refuse(frame.type());
            close();
          }
        }
      }
    } catch (IOException | java.nio.BufferUnderflowException gone) {
      console.input().arrived(new byte[0]);
      givenUp.request();
    }
  }

  private void beat() {
    try {
      frames.write('h');
    } catch (IOException gone) {
      givenUp.request();
    }
  }

  private void close() {
    try {
      channel.close();
    } catch (IOException closed) {
      // it is what was wanted
    }
  }
}
