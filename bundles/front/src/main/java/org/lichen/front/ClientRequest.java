package org.lichen.front;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.lichen.api.Cancellation;
import org.lichen.api.Configuration;
import org.lichen.api.Progress;
import org.lichen.api.Request;
import org.lichen.api.Terminal;
import org.lichen.api.plan.Records;

/** A request as the client sent it (docs/FORMATS.md, 5, frame R). */
record ClientRequest(
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

  @Override
  public void warn(String message) {
    warnings.accept("lichen: " + message);
  }

  static Map<String, String> environment(Records in) {
    Map<String, String> environment = new LinkedHashMap<>();
    for (String pair : in.texts("envi")) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        environment.put(pair.substring(0, equals), pair.substring(equals + 1));
      }
    }
    return environment;
  }

  static Terminal terminal(Records in) {
    return in.first("term")
        .map(Records.Item::records)
        .map(
            term ->
                new Terminal(
                    term.number("in..", 0) == 1,
                    term.number("out.", 0) == 1,
                    term.number("err.", 0) == 1,
                    (int) term.number("cols", 0),
                    (int) term.number("rows", 0),
                    term.text("type")))
        .orElse(Terminal.NONE);
  }
}
