package org.lichen.shell;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;
import org.apache.felix.service.command.Function;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.command.Console;
import org.lichen.api.command.Dispatcher;
import org.lichen.api.command.Outcome;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.Failures;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Runs one command line: finds the Gogo command {@code lichen:NAME}, gives it the words that follow
 * and tells every failure. Exit status 125 means that Lichen failed.
 */
@Component
public final class CommandLine implements Dispatcher {
  private static final int FAILED = 125;

  private final CommandProcessor processor;
  private final CommandTable commands;

  @Activate
  public CommandLine(@Reference CommandProcessor processor, @Reference CommandTable commands) {
    this.processor = processor;
    this.commands = commands;
  }

  @Override
  public Outcome dispatch(Request request, Console console) {
    GlobalOptions global = new GlobalOptions();
    commands.services().plugins().refresh();
    try (CommandSession session =
        processor.createSession(console.in(), console.out(), console.err())) {
      List<String> words = global.parse(request.argv());
      String name = words.isEmpty() ? "help" : words.get(0);
      session.put(Call.VARIABLE, new Call(request, console, commands.services()));
      return execute(session, name, words.subList(Math.min(1, words.size()), words.size()));
    } catch (ContainerException e) {
      Failures.print(e, console.err());
      global.trace(e, console.err());
      return Outcome.exit(FAILED);
    } catch (Exception e) {
      console.err().println("lichen: internal error: " + e);
      console.err().println("hint: please report it with the output of --log-level debug");
      global.trace(e, console.err());
      return Outcome.exit(FAILED);
    }
  }

  private Outcome execute(CommandSession session, String name, List<String> arguments)
      throws Exception {
    if (!(session.get("lichen:" + name) instanceof Function command)) {
      throw commands.unknown(name);
    }
    List<Object> words = new ArrayList<>(arguments);
    try {
      return outcome(session, command.execute(session, words));
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    } catch (IllegalArgumentException e) {
      throw new ContainerException(Kind.USAGE, name + ": " + e.getMessage(), "", e);
    }
  }

  /** A plain Gogo command of a third party may return anything. */
  private static Outcome outcome(CommandSession session, Object result) {
    if (result instanceof Outcome outcome) {
      return outcome;
    }
    if (result instanceof Integer status) {
      return Outcome.exit(status);
    }
    if (result != null) {
      session.getConsole().println(session.format(result, Converter.INSPECT));
    }
    return Outcome.OK;
  }
}
