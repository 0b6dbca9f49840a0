package org.lichen.shell.system;

import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.image.Image;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.Rows;

/**
 * The sections of an image that Singularity or Apptainer made, as {@code apptainer inspect} prints
 * them. They stand in the configuration, below {@code singularity}.
 */
record Sections(
    boolean labels,
    boolean runscript,
    boolean startscript,
    boolean test,
    boolean definition,
    boolean environment,
    boolean apps) {
  boolean wanted() {
    return labels || runscript || startscript || test || definition || environment || apps;
  }

  void print(String name, Image image, Call call) throws ContainerException {
    if (labels) {
      call.out().println(Rows.json(image.config().labels()));
    }
    Object found = image.config().oci().get("singularity");
    if (!(found instanceof Map<?, ?> sections)) {
      if (runscript || startscript || test || definition || environment || apps) {
        throw new ContainerException(
            Kind.NOT_FOUND,
            "image '" + name + "' was not made by Singularity or Apptainer: it has no sections",
            "lichen inspect " + name + " shows its configuration");
      }
      return;
    }
    print(runscript, sections, "runscript", name, call);
    print(startscript, sections, "startscript", name, call);
    print(test, sections, "test", name, call);
    print(definition, sections, "deffile", name, call);
    print(environment, sections, "environment", name, call);
    if (apps && sections.get("apps") instanceof List<?> all) {
      all.forEach(app -> call.out().println(app));
    }
  }

  private static void print(
      boolean wanted, Map<?, ?> sections, String section, String name, Call call)
      throws ContainerException {
    if (!wanted) {
      return;
    }
    Object text = sections.get(section);
    if (text == null) {
      throw new ContainerException(
          Kind.NOT_FOUND, "image '" + name + "' has no section " + section, "");
    }
    call.out().print(String.valueOf(text));
    if (!String.valueOf(text).endsWith("\n")) {
      call.out().println();
    }
  }
}
