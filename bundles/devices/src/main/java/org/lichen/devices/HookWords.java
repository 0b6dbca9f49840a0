package org.lichen.devices;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.lichen.devices.cdi.Edits;

/** What a hook of a CDI file is to do, where it is one of NVIDIA's, whose work can be done here. */
final class HookWords {
  private static final Set<String> PROGRAMS = Set.of("nvidia-cdi-hook", "nvidia-ctk");

  private HookWords() {}

  /** {@code update-ldcache}; empty if it is not one of those. */
  static String task(Edits.Hook hook) {
    if (!PROGRAMS.contains(program(hook))) {
      return "";
    }
    // argv[0], then nvidia-ctk has the word "hook" before the task
    return hook.arguments().stream()
        .skip(1)
        .filter(word -> !word.startsWith("-") && !word.equals("hook"))
        .findFirst()
        .orElse("");
  }

  /** The values of an option, {@code --link VALUE} or {@code --link=VALUE}. */
  static List<String> values(Edits.Hook hook, String option) {
    List<String> values = new ArrayList<>();
    List<String> words = hook.arguments();
    for (int i = 0; i < words.size(); i++) {
      if (words.get(i).equals(option) && i + 1 < words.size()) {
        values.add(words.get(++i));
      } else if (words.get(i).startsWith(option + "=")) {
        values.add(words.get(i).substring(option.length() + 1));
      }
    }
    return values;
  }

  static String label(Edits.Hook hook) {
    String task = task(hook);
    return task.isEmpty() ? hook.path() + " (" + hook.name() + ")" : program(hook) + " " + task;
  }

  private static String program(Edits.Hook hook) {
    return hook.path().substring(hook.path().lastIndexOf('/') + 1);
  }
}
