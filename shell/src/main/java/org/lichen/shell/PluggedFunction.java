package org.lichen.shell;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.command.Command;
import org.lichen.api.command.Invocation;
import org.lichen.api.command.Option;
import org.lichen.api.command.Outcome;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.Interactive;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** A plugin's {@link Command} as a Gogo command. */
final class PluggedFunction implements Function {
  private final Command command;

  PluggedFunction(Command command) {
    this.command = command;
  }

  @Override
  public @Nullable Object execute(CommandSession session, List<Object> arguments) throws Exception {
    if (!(session.get(Call.VARIABLE) instanceof Call call)) {
      throw new IllegalStateException("no call in this session");
    }
    CommandLine line = new CommandLine(spec());
    String[] argv = arguments.stream().map(String::valueOf).toArray(String[]::new);
    ParseResult parsed;
    try {
      parsed = line.parseArgs(argv);
    } catch (ParameterException e) {
      throw new ContainerException(
          Kind.USAGE,
          command.name() + ": " + e.getMessage(),
          "lichen " + command.name() + " --help",
          e);
    }
    if (line.isUsageHelpRequested()) {
      line.usage(call.out(), CommandLine.Help.Ansi.OFF);
      return Outcome.OK;
    }
    return Interactive.settle(
        session, command.run(new Parsed(call, operands(parsed), values(parsed))));
  }

  private CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name(command.name());
    spec.usageMessage().description(command.summary());
    spec.addOption(
        OptionSpec.builder("--help").usageHelp(true).description("Show this help.").build());
    for (Option option : command.options()) {
      OptionSpec.Builder one =
          OptionSpec.builder(option.names().split(",", -1)).description(option.help());
      if (option.value().isEmpty()) {
        one.type(boolean.class);
      } else {
        int count = option.value().split(" ", -1).length;
        one.type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel(option.value())
            .hideParamSyntax(true)
            .arity(String.valueOf(count));
      }
      spec.addOption(one.build());
    }
    return spec.addPositional(
        PositionalParamSpec.builder()
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("0..*")
            .hideParamSyntax(true)
            .build());
  }

  private static List<String> operands(ParseResult parsed) {
    // An option between operands makes picocli name the same parameter twice, each time with all.
    List<String> operands = new ArrayList<>();
    new LinkedHashSet<>(parsed.matchedPositionals())
        .forEach(p -> operands.addAll(p.originalStringValues()));
    return operands;
  }

  private Map<String, List<String>> values(ParseResult parsed) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    for (Option option : command.options()) {
      String first = option.names().split(",", -1)[0];
      OptionSpec matched = parsed.matchedOption(first);
      if (matched != null) {
        values.put(
            first, option.value().isEmpty() ? List.of("true") : matched.originalStringValues());
      }
    }
    return values;
  }

  private record Parsed(Call call, List<String> operands, Map<String, List<String>> values)
      implements Invocation {
    @Override
    public Request request() {
      return call.request();
    }

    @Override
    public InputStream in() {
      return call.console().in();
    }

    @Override
    public PrintStream out() {
      return call.out();
    }

    @Override
    public PrintStream err() {
      return call.err();
    }
  }
}
