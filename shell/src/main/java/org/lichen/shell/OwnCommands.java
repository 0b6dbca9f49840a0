package org.lichen.shell;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.lichen.shell.base.PicoCommand;
import org.lichen.shell.container.AttachCommand;
import org.lichen.shell.container.CreateCommand;
import org.lichen.shell.container.ExecCommand;
import org.lichen.shell.container.KillCommand;
import org.lichen.shell.container.LogsCommand;
import org.lichen.shell.container.PlanCommand;
import org.lichen.shell.container.PsCommand;
import org.lichen.shell.container.RmCommand;
import org.lichen.shell.container.RunCommand;
import org.lichen.shell.container.RunPlanCommand;
import org.lichen.shell.container.StartCommand;
import org.lichen.shell.container.StopCommand;
import org.lichen.shell.container.WaitCommand;
import org.lichen.shell.image.ImagesCommand;
import org.lichen.shell.image.ImportCommand;
import org.lichen.shell.image.LoadCommand;
import org.lichen.shell.image.PullCommand;
import org.lichen.shell.image.RmiCommand;
import org.lichen.shell.image.TagCommand;
import org.lichen.shell.system.DoctorCommand;
import org.lichen.shell.system.HelpCommand;
import org.lichen.shell.system.InfoCommand;
import org.lichen.shell.system.InspectCommand;
import org.lichen.shell.system.PluginCommand;
import org.lichen.shell.system.ShellCommand;
import org.lichen.shell.system.VersionCommand;

/** Every command of ours, under the heading where help lists it. */
final class OwnCommands {
  private OwnCommands() {}

  static Map<String, List<Supplier<PicoCommand>>> all(CommandTable table) {
    Map<String, List<Supplier<PicoCommand>>> all = new LinkedHashMap<>();
    all.put(
        "Images",
        List.of(
            PullCommand::new,
            ImagesCommand::new,
            TagCommand::new,
            RmiCommand::new,
            LoadCommand::new,
            ImportCommand::new));
    all.put(
        "Containers",
        List.of(
            RunCommand::new,
            CreateCommand::new,
            StartCommand::new,
            StopCommand::new,
            KillCommand::new,
            ExecCommand::new,
            AttachCommand::new,
            PsCommand::new,
            LogsCommand::new,
            RmCommand::new,
            WaitCommand::new,
            PlanCommand::new,
            RunPlanCommand::new));
    all.put(
        "System",
        List.of(
            InspectCommand::new,
            InfoCommand::new,
            DoctorCommand::new,
            PluginCommand::new,
            () -> new ShellCommand(table.processor()),
            VersionCommand::new,
            () -> new HelpCommand(table::entries)));
    return all;
  }
}
