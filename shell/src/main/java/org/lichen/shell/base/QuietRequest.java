package org.lichen.shell.base;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.lichen.api.Cancellation;
import org.lichen.api.Configuration;
import org.lichen.api.Progress;
import org.lichen.api.Request;
import org.lichen.api.Terminal;

/** A request whose progress nobody sees. */
public record QuietRequest(
    List<String> argv,
    Map<String, String> environment,
    Path directory,
    int umask,
    Terminal terminal,
    Progress progress,
    Cancellation cancellation,
    Configuration configuration,
    Consumer<String> warnings)
    implements Request {

  public static Request of(Request request) {
    return new QuietRequest(
        request.argv(),
        request.environment(),
        request.directory(),
        request.umask(),
        request.terminal(),
        Progress.SILENT,
        request.cancellation(),
        request.configuration(),
        request::warn);
  }

  @Override
  public void warn(String message) {
    warnings.accept(message);
  }
}
