package org.lichen.shell.base;

import org.apache.felix.service.command.CommandSession;
import org.jspecify.annotations.Nullable;
import org.lichen.api.command.Outcome;

/**
 * What the outcome of a command means in the interactive shell: plans are executed by the client,
 * for which the shell leaves and is called again; anything else would only be printed.
 */
public interface Interactive {
  /** The session variable that holds it; without it a session is not interactive. */
  String VARIABLE = ".lichen.interactive";

  void execute(Outcome.Execute plans);

  /** What a Gogo command gives back to its session. */
  static @Nullable Object settle(CommandSession session, Outcome outcome) {
    if (!(session.get(VARIABLE) instanceof Interactive shell)) {
      return outcome;
    }
    if (outcome instanceof Outcome.Execute plans) {
      shell.execute(plans);
    }
    return null;
  }
}
