package org.lichen.shell.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Support;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.plan.LaunchPlan;
import org.lichen.api.runtime.Choice;
import org.lichen.api.runtime.ContainerRuntime.StartOptions;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.PicoFunction;
import org.lichen.shell.base.PicoFunction.StopsAtOperand;
import org.lichen.shell.base.Rows;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code lichen plan}: what run would execute, printed, explained or saved; nothing is started. */
@Command(
    name = "plan",
    description = "Print, explain or save what run would execute.",
    footer = {
      "",
      "Example: lichen plan --explain run --rm alpine date",
      "         lichen plan -o job.plan run --rm alpine date; lichen run-plan job.plan"
    })
public final class PlanCommand extends PicoCommand implements StopsAtOperand {
  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Save it for run-plan.")
  @Nullable String output;

  @Option(names = "--explain", description = "Tell what was chosen, and why.")
  boolean explain;

  @Parameters(index = "0", paramLabel = "run", description = "The command to plan.")
  String command;

  @Parameters(index = "1..*", paramLabel = "ARGUMENTS", description = "Its options and operands.")
  List<String> arguments = new ArrayList<>();

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    if (!command.equals("run")) {
      throw new ContainerException(
          Kind.USAGE, "plan: '" + command + "' cannot be planned", "lichen plan run IMAGE …");
    }
    RunCommand run = new RunCommand();
    CommandLine line = PicoFunction.line(run, call.services());
    try {
      line.parseArgs(arguments.toArray(String[]::new));
    } catch (ParameterException e) {
      throw new ContainerException(Kind.USAGE, "plan run: " + e.getMessage(), "lichen run --help");
    }
    ContainerSpec spec = run.spec.spec(run.image, run.arguments, call);
    if (explain) {
      explain(call, call.services().runtime().choices(spec, call.request()));
    }
    LaunchPlan plan =
        call.services()
            .runtime()
            .plan(spec, new StartOptions(run.detach, false, ""), call.request());
    byte[] encoded = call.services().runtime().encode(plan);
    if (output != null) {
      Path file = call.request().path(output);
      Files.write(file, encoded);
    } else if (!explain) {
      call.out().println(Rows.json(PlanView.of(encoded)));
    }
    return Outcome.OK;
  }

  private static void explain(Call call, List<Choice> choices) {
    for (Choice choice : choices) {
      Map<String, String> words = new LinkedHashMap<>();
      String way = choice.launcher() + " on " + choice.strategy() + " as " + choice.identity();
      String verdict;
      if (choice.support() instanceof Support.Unsupported no) {
        verdict = "impossible: " + no.reason();
      } else {
        verdict = choice.chosen() ? "chosen: the first that works" : "possible";
      }
      words.put(way, verdict);
      words.forEach((what, why) -> call.out().println(what + ": " + why));
    }
  }
}
