package org.lichen.api.command;

import java.io.IOException;
import java.util.List;
import org.lichen.api.ContainerException;
import org.osgi.annotation.versioning.ConsumerType;

/** A sub-command of {@code lichen}. Stateless, thread-safe: invocations may run at once. */
@ConsumerType
public interface Command {
  String name();

  /** The heading in {@code lichen help} under which it stands. */
  String group();

  /** One line. */
  String summary();

  List<Option> options();

  Outcome run(Invocation in) throws ContainerException, IOException;

  /** Completions of operand {@code word}, counted from 0. */
  default List<String> complete(Invocation in, int word) {
    return List.of();
  }
}
