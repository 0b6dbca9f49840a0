package org.lichen.shell;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.container.AttachCommand;
import org.lichen.shell.container.CreateCommand;
import org.lichen.shell.container.ExecCommand;
import org.lichen.shell.container.GetCommand;
import org.lichen.shell.container.KillCommand;
import org.lichen.shell.container.LogsCommand;
import org.lichen.shell.container.PlanCommand;
import org.lichen.shell.container.PsCommand;
import org.lichen.shell.container.RmCommand;
import org.lichen.shell.container.RunCommand;
import org.lichen.shell.container.RunPlanCommand;
import org.lichen.shell.container.SetCommand;
import org.lichen.shell.container.StartCommand;
import org.lichen.shell.container.StopCommand;
import org.lichen.shell.container.TestCommand;
import org.lichen.shell.container.UnsetCommand;
import org.lichen.shell.container.WaitCommand;
import org.lichen.shell.image.ImagesCommand;
import org.lichen.shell.image.ImportCommand;
import org.lichen.shell.image.LoadCommand;
import org.lichen.shell.image.PullCommand;
import org.lichen.shell.image.RmiCommand;
import org.lichen.shell.image.SaveCommand;
import org.lichen.shell.image.TagCommand;
import org.lichen.shell.system.DoctorCommand;
import org.lichen.shell.system.HelpCommand;
import org.lichen.shell.system.InfoCommand;
import org.lichen.shell.system.InspectCommand;
import org.lichen.shell.system.PluginCommand;
import org.lichen.shell.system.ShellCommand;
import org.lichen.shell.system.VersionCommand;
import picocli.CommandLine.Command;

/** Every command of ours, under the heading where help lists it. */
final class OwnCommands {
  /** A command: what help tells of it without making one, and how to make one. */
  record Own(String name, String summary, Supplier<PicoCommand> maker) {}

  private OwnCommands() {}

  /** Reads the annotation alone: a whole picocli model of every command would cost each start. */
  private static Own of(Class<? extends PicoCommand> type, Supplier<PicoCommand> maker) {
    Command about = type.getAnnotation(Command.class);
    return new Own(about.name(), String.join(" ", about.description()), maker);
  }

  static Map<String, List<Own>> all(CommandTable table) {
    Map<String, List<Own>> all = new LinkedHashMap<>();
    all.put(
        "Images",
        List.of(
            of(PullCommand.class, PullCommand::new),
            of(ImagesCommand.class, ImagesCommand::new),
            of(TagCommand.class, TagCommand::new),
            of(RmiCommand.class, RmiCommand::new),
            of(LoadCommand.class, LoadCommand::new),
            of(SaveCommand.class, SaveCommand::new),
            of(ImportCommand.class, ImportCommand::new)));
    all.put(
        "Containers",
        List.of(
            of(RunCommand.class, RunCommand::new),
            of(CreateCommand.class, CreateCommand::new),
            of(StartCommand.class, StartCommand::new),
            of(StopCommand.class, StopCommand::new),
            of(KillCommand.class, KillCommand::new),
            of(ExecCommand.class, ExecCommand::new),
            of(AttachCommand.class, AttachCommand::new),
            of(PsCommand.class, PsCommand::new),
            of(LogsCommand.class, LogsCommand::new),
            of(RmCommand.class, RmCommand::new),
            of(WaitCommand.class, WaitCommand::new),
            of(TestCommand.class, TestCommand::new),
            of(SetCommand.class, SetCommand::new),
            of(UnsetCommand.class, UnsetCommand::new),
            of(GetCommand.class, GetCommand::new),
            of(PlanCommand.class, PlanCommand::new),
            of(RunPlanCommand.class, RunPlanCommand::new)));
    all.put(
        "System",
        List.of(
            of(InspectCommand.class, InspectCommand::new),
            of(InfoCommand.class, InfoCommand::new),
            of(DoctorCommand.class, DoctorCommand::new),
            of(PluginCommand.class, PluginCommand::new),
            of(ShellCommand.class, () -> new ShellCommand(table.processor())),
            of(VersionCommand.class, VersionCommand::new),
            of(HelpCommand.class, () -> new HelpCommand(table::entries))));
    return all;
  }
}
