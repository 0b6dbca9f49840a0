package org.lichen.api;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.osgi.annotation.versioning.ProviderType;

/**
 * One command of one user, with everything that belongs to it. Nothing of a command is ever read
 * from the process that the runtime lives in.
 */
@ProviderType
public interface Request {
  List<String> argv();

  /** The caller's environment. */
  Map<String, String> environment();

  /** The caller's working directory, absolute. */
  Path directory();

  /** The rights that a new file of the caller's shall not have, as umask(2) has them. */
  int umask();

  Terminal terminal();

  Progress progress();

  Cancellation cancellation();

  Configuration configuration();

  /** Tells the caller, in one sentence, what does not keep the command from going on. */
  void warn(String message);

  /** A path that the caller typed, made absolute against the caller's directory. */
  default Path path(String typed) {
    return directory().resolve(typed).normalize();
  }
}
