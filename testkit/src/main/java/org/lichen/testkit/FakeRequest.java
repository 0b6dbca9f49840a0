package org.lichen.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.Configuration;
import org.lichen.api.Request;
import org.lichen.api.Terminal;

/** A request of a caller whose environment is what the test says, and nothing of this process. */
public record FakeRequest(
    Map<String, String> environment,
    Path directory,
    Configuration configuration,
    FakeProgress progress,
    FakeCancellation cancellation,
    List<String> warnings)
    implements Request {

  /** A caller without anything. */
  public static final FakeRequest NOBODY = in(Path.of("/nowhere"));

  /** A caller whose home is a directory of the test. */
  public static FakeRequest in(Path home) {
    return new FakeRequest(
        Map.of("HOME", home.toString(), "TMPDIR", home.toString()),
        home,
        Configuration.EMPTY,
        new FakeProgress(),
        new FakeCancellation(),
        new ArrayList<>());
  }

  /** The same caller with one more variable. */
  public FakeRequest with(String variable, String value) {
    Map<String, String> more = new LinkedHashMap<>(environment);
    more.put(variable, value);
    return new FakeRequest(more, directory, configuration, progress, cancellation, warnings);
  }

  /** The same caller with other configuration. */
  public FakeRequest configured(Map<String, Object> tree) {
    return new FakeRequest(
        environment, directory, new Configuration(tree), progress, cancellation, warnings);
  }

  @Override
  public void warn(String message) {
    warnings.add(message);
  }

  @Override
  public List<String> argv() {
    return List.of();
  }

  @Override
  public int umask() {
    return 022;
  }

  @Override
  public Terminal terminal() {
    return Terminal.NONE;
  }
}
