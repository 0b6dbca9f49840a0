package org.lichen.shell.system;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.Support;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.image.Images.PullPolicy;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.ReadOptions;
import org.lichen.api.runtime.Choice;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.base.Rows;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lichen doctor}: 0 if containers can be started here, 1 if not. */
@Command(
    name = "doctor",
    description = "Try out what this machine allows, and tell what would help.",
    footer = {"", "Example: lichen doctor --format json"})
public final class DoctorCommand extends PicoCommand {
  @Option(names = "--format", paramLabel = "FORMAT", defaultValue = "", description = "json.")
  String format;

  @Override
  public Outcome run(Call call) throws ContainerException, IOException {
    NamedImage hello =
        call.services()
            .images()
            .resolve("hello", PullPolicy.NEVER, ReadOptions.DEFAULT, call.request());
    ContainerSpec spec =
        call.services().runtime().defaults(hello, Optional.empty(), List.of()).build();
    List<Choice> choices = call.services().runtime().choices(spec, call.request());
    Map<String, String> facts = call.services().runtime().host().refreshed().all();
    boolean works = choices.stream().anyMatch(choice -> choice.support().supported());
    if (format.equals("json")) {
      json(call, choices, facts, works);
    } else {
      text(call, choices, facts, works);
    }
    return Outcome.exit(works ? 0 : 1);
  }

  private static void json(
      Call call, List<Choice> choices, Map<String, String> facts, boolean works) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("works", works);
    report.put("facts", facts);
    List<Object> ways = new ArrayList<>();
    for (Choice choice : choices) {
      Map<String, Object> way = new LinkedHashMap<>();
      way.put("launcher", choice.launcher());
      way.put("strategy", choice.strategy());
      way.put("identity", choice.identity());
      way.put("supported", choice.support().supported());
      way.put("chosen", choice.chosen());
      if (choice.support() instanceof Support.Unsupported no) {
        way.put("reason", no.reason());
        way.put("remedy", no.remedy());
      } else if (choice.support() instanceof Support.Supported yes) {
        way.put("limits", yes.limits());
      }
      ways.add(way);
    }
    report.put("ways", ways);
    call.out().println(Rows.json(report));
  }

  private static void text(
      Call call, List<Choice> choices, Map<String, String> facts, boolean works) {
    boolean colours =
        call.request().terminal().out() && !call.request().environment().containsKey("NO_COLOR");
    call.out().println("What this machine allows (each was tried out just now):");
    facts.forEach(
        (name, answer) ->
            call.out()
                .println(
                    "  " + mark(!answer.startsWith("no"), colours) + " " + name + ": " + answer));
    call.out().println();
    call.out().println("Ways to run a container, best first:");
    for (Choice choice : choices) {
      String way = choice.way() + " as " + choice.identity();
      if (choice.support() instanceof Support.Unsupported no) {
        call.out().println("  " + mark(false, colours) + " " + way + ": " + no.reason());
        if (!no.remedy().isEmpty()) {
          call.out().println("      what would help: " + no.remedy());
        }
      } else if (choice.support() instanceof Support.Supported yes) {
        call.out()
            .println("  " + mark(true, colours) + " " + way + (choice.chosen() ? " (chosen)" : ""));
        yes.limits().forEach(limit -> call.out().println("      " + limit));
      }
    }
    call.out().println();
    call.out()
        .println(works ? "Containers can be started here." : "No container can be started here.");
  }

  private static String mark(boolean good, boolean colours) {
    String mark = good ? "+" : "-";
    return colours ? "\033[3" + (good ? 2 : 1) + "m" + mark + "\033[0m" : mark;
  }
}
