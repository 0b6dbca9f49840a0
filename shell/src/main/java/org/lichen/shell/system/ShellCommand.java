package org.lichen.shell.system;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.felix.gogo.jline.Shell;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Console;
import org.lichen.api.command.Outcome;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.Interactive;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.PicoFunction.StopsAtOperand;
import org.lichen.shell.container.RunCommand;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.FrameworkUtil;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lichen shell}: the interactive Gogo shell, or one script of it. */
@Command(
    name = "shell",
    description =
        "The interactive Gogo shell on this runtime; with -c, run one line of it. With an image, a"
            + " shell in that.",
    footer = {
      "",
      "Example: lichen shell -c 'images | grep alpine'",
      "         lichen shell sif:tools.sif"
    })
public final class ShellCommand extends PicoCommand implements StopsAtOperand {
  private static final int END_OF_INPUT = 4;

  private final CommandProcessor processor;

  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE",
      description = "A shell in this, in place of the Gogo shell; words for it.")
  List<String> image = new ArrayList<>();

  @Option(names = "-c", paramLabel = "LINE", defaultValue = "", description = "Run this and end.")
  String script;

  public ShellCommand(CommandProcessor processor) {
    this.processor = processor;
  }

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    if (!image.isEmpty()) {
      if (!RunCommand.image(image.get(0), call)) {
        throw new ContainerException(
            Kind.USAGE,
            "shell: '" + image.get(0) + "' is not an image in a file",
            "sif:FILE; of others: lichen run --rm -it IMAGE sh");
      }
      List<String> options = new ArrayList<>(List.of("-i"));
      if (call.request().terminal().in() && call.request().terminal().out()) {
        options.add("-t");
      }
      return RunCommand.once("shell", options, image, call);
    }
    if (!script.isEmpty()) {
      startInteractive();
      return line(call);
    }
    if (!call.request().terminal().in() || !call.request().terminal().out()) {
      throw new ContainerException(
          Kind.USAGE, "shell: needs a terminal", "lichen shell -c 'images'");
    }
    startInteractive();
    return interactive(call);
  }

  /**
   * The bundles of the interactive commands are installed and not started: they cost each start.
   */
  private static void startInteractive() throws ContainerException {
    BundleContext framework = FrameworkUtil.getBundle(ShellCommand.class).getBundleContext();
    for (Bundle bundle : framework.getBundles()) {
      if (bundle.getSymbolicName() != null
          && bundle.getSymbolicName().startsWith("org.apache.felix.gogo.")) {
        try {
          bundle.start(Bundle.START_TRANSIENT);
        } catch (BundleException e) {
          throw new ContainerException(
              Kind.INTERNAL, "shell: cannot start " + bundle + ": " + e.getMessage(), "", e);
        }
      }
    }
  }

  private Outcome line(Call call) throws ContainerException {
    Console console = call.console();
    try (CommandSession session =
        processor.createSession(console.in(), console.out(), console.err())) {
      session.put(Call.VARIABLE, call);
      session.put("SCOPE", "lichen:gogo:*");
      Object result = session.execute(script);
      if (result instanceof Outcome outcome) {
        return outcome;
      }
      if (result != null) {
        console
            .out()
            .println(session.format(result, org.apache.felix.service.command.Converter.INSPECT));
      }
      return Outcome.OK;
    } catch (ContainerException e) {
      throw e;
    } catch (Exception e) {
      throw new ContainerException(Kind.USAGE, "shell: " + e.getMessage(), "", e);
    }
  }

  private Outcome interactive(Call call) throws ContainerException, IOException {
    Console console = call.console();
    org.lichen.api.Terminal facts = call.request().terminal();
    String type = facts.type().isEmpty() ? "dumb" : facts.type();
    console.raw(true);
    try (ExternalTerminal terminal =
        new ExternalTerminal("lichen", type, console.in(), console.out(), StandardCharsets.UTF_8)) {
      terminal.setSize(new Size(facts.columns(), facts.rows()));
      try (Console.Resizes resizes =
          console.onResize(
              (columns, rows) -> {
                terminal.setSize(new Size(columns, rows));
                terminal.raise(Terminal.Signal.WINCH);
              })) {
        return session(call, terminal);
      }
    } finally {
      console.raw(false);
    }
  }

  private Outcome session(Call call, ExternalTerminal terminal)
      throws ContainerException, IOException {
    List<Outcome.Execute> wanted = new ArrayList<>();
    try (CommandSession session =
        processor.createSession(terminal.input(), terminal.output(), terminal.output())) {
      session.put(Call.VARIABLE, call);
      session.put(Shell.VAR_TERMINAL, terminal);
      session.put(
          Interactive.VARIABLE,
          (Interactive)
              plans -> {
                wanted.add(plans);
                leave(terminal);
              });
      Shell shell = new Shell(new Context(), processor);
      shell.gosh(session, new String[] {"--login", "--noshutdown"});
    } catch (IOException | ContainerException e) {
      throw e;
    } catch (Exception ended) {
      if (wanted.isEmpty()) {
        throw new ContainerException(Kind.INTERNAL, "shell: " + ended.getMessage(), "", ended);
      }
    }
    return wanted.isEmpty() ? Outcome.OK : new Outcome.Execute(wanted.get(0).plans(), true);
  }

  /** Gogo's shell has no other way to end from within a command than the end of its input. */
  private static void leave(ExternalTerminal terminal) {
    try {
      terminal.processInputByte(END_OF_INPUT);
    } catch (IOException closed) {
      // then it has ended already
    }
  }

  private static final class Context implements Shell.Context {
    @Override
    public String getProperty(String name) {
      return FrameworkUtil.getBundle(ShellCommand.class).getBundleContext().getProperty(name);
    }

    @Override
    public void exit() {
      // the session ends by itself; the runtime goes on
    }
  }
}
