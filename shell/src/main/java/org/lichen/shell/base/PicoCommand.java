package org.lichen.shell.base;

import java.io.IOException;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/**
 * A command whose options picocli fills in. An instance serves one call. Its {@code @Command} gives
 * name, one line of description, and an example in the footer.
 */
public abstract class PicoCommand {
  @Option(names = "--help", usageHelp = true, description = "Show this help.")
  boolean help;

  /** Adds options that bundles bring. */
  protected void extend(CommandSpec spec, Services services) {}

  public abstract Outcome run(Call call) throws ContainerException, IOException;
}
