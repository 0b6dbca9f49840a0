package org.lichen.shell.base;

import java.util.List;
import java.util.function.Supplier;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Outcome;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;

/** A {@link PicoCommand} as a Gogo command: argv comes as a list and is never parsed again. */
public final class PicoFunction implements Function {
  private static final int NARROWEST = 55;
  private static final int WIDEST = 100;

  private final Supplier<PicoCommand> maker;

  public PicoFunction(Supplier<PicoCommand> maker) {
    this.maker = maker;
  }

  @Override
  public @Nullable Object execute(CommandSession session, List<Object> arguments) throws Exception {
    if (!(session.get(Call.VARIABLE) instanceof Call call)) {
      throw new IllegalStateException("no call in this session");
    }
    PicoCommand command = maker.get();
    CommandLine line = line(command, call.services());
    String[] argv = arguments.stream().map(String::valueOf).toArray(String[]::new);
    try {
      line.parseArgs(argv);
    } catch (ParameterException e) {
      throw new ContainerException(
          Kind.USAGE,
          line.getCommandName() + ": " + e.getMessage(),
          "lichen " + line.getCommandName() + " --help",
          e);
    }
    if (line.isUsageHelpRequested()) {
      usage(line, call);
      return Outcome.OK;
    }
    return Interactive.settle(session, command.run(call));
  }

  /** The command line of a command, with what all of them share. */
  public static CommandLine line(PicoCommand command, Services services) {
    CommandLine line = new CommandLine(command);
    command.extend(line.getCommandSpec(), services);
    line.setStopAtPositional(command instanceof StopsAtOperand);
    line.setOverwrittenOptionsAllowed(true);
    line.setUsageHelpAutoWidth(false);
    line.getCommandSpec().usageMessage().abbreviateSynopsis(true);
    return line;
  }

  static void usage(CommandLine line, Call call) {
    boolean colours =
        call.request().terminal().out() && !call.request().environment().containsKey("NO_COLOR");
    int columns = call.request().terminal().columns();
    line.getCommandSpec()
        .usageMessage()
        .width(columns == 0 ? WIDEST : Math.max(NARROWEST, Math.min(columns, WIDEST)));
    line.setCommandName("lichen " + line.getCommandName());
    line.usage(call.out(), colours ? Ansi.ON : Ansi.OFF);
  }

  /** A command whose operands end its options: what follows belongs to the guest. */
  public interface StopsAtOperand {}
}
