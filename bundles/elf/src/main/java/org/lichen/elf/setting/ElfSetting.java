package org.lichen.elf.setting;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.container.FileSetting;
import org.lichen.api.container.GuestFiles;
import org.lichen.api.container.Settings;

/**
 * A change of what a program, or each program that lies in a directory, tells its loader. A program
 * gets what was set for it and for its directory, all four types at once.
 */
abstract class ElfSetting implements FileSetting {
  private final String type;
  private final String value;

  ElfSetting(String type, String value) {
    this.type = type;
    this.value = value;
  }

  @Override
  public final String type() {
    return type;
  }

  @Override
  public final String summary() {
    return "NAME is a program, or a directory for all in it; VALUE " + value;
  }

  @Override
  public final String effective() {
    return "at the next start; the container must be stopped";
  }

  @Override
  public final String name(String typed, GuestFiles files) throws ContainerException, IOException {
    if (!typed.startsWith("/")) {
      throw new ContainerException(
          Kind.USAGE, "'" + typed + "' is no absolute path of the container", "");
    }
    GuestPath path = new GuestPath(typed);
    return files.resolve(path).orElse(path).value();
  }

  @Override
  public final void apply(String name, Settings settings, GuestFiles files)
      throws ContainerException, IOException {
    boolean wanted = !settings.values(type, name).isEmpty();
    GuestPath path = new GuestPath(name);
    Optional<GuestPath> found = files.resolve(path);
    if (found.isEmpty() || files.file(path).isPresent()) {
      new EditedProgram(path, files).become(settings, wanted);
      return;
    }
    List<GuestPath> programs = new ArrayList<>();
    for (GuestPath each : files.list(path)) {
      if (files.file(each).isPresent() && new EditedProgram(each, files).editable()) {
        programs.add(each);
      }
    }
    if (programs.isEmpty() && wanted) {
      throw new ContainerException(
          Kind.NOT_FOUND, "no program in " + name + " is loaded with libraries", "");
    }
    for (GuestPath each : programs) {
      new EditedProgram(each, files).become(settings, false);
    }
  }
}
