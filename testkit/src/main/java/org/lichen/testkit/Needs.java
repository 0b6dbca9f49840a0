package org.lichen.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * What a test needs of the machine. A missing thing skips the test with the reason; under {@code
 * LICHEN_MUST_WORK=1} it fails, for there every Debian machine is made to have it.
 */
public final class Needs {
  private Needs() {}

  /** Skips, or fails where a skip is not allowed, unless {@code present}. */
  public static void that(boolean present, String what) {
    if (!present && "1".equals(System.getenv("LICHEN_MUST_WORK"))) {
      Assertions.fail("needed and missing: " + what);
    }
    Assumptions.assumeTrue(present, "skipped, missing: " + what);
  }

  /** A program in PATH. */
  public static Path program(String name) {
    String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin";
    for (String directory : path.split(":", -1)) {
      Path candidate = Path.of(directory, name);
      if (Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    that(false, "program '" + name + "'");
    throw new IllegalStateException(name);
  }

  /** A file or directory of {@code shared/fixtures}, beside the checkout. */
  public static Path fixture(String name) {
    String set = System.getenv("LICHEN_FIXTURES");
    Path at = Path.of("").toAbsolutePath();
    while (set == null && at != null) {
      Path candidate = at.resolveSibling("shared").resolve("fixtures");
      if (Files.isDirectory(candidate)) {
        set = candidate.toString();
      }
      at = at.getParent();
    }
    Path found = Path.of(set == null ? "shared/fixtures" : set).resolve(name);
    that(Files.exists(found), "fixture " + name);
    return found;
  }

  /** Runs a command to its end and returns its output; fails the test if it fails. */
  public static String output(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    Assertions.assertEquals(0, process.waitFor(), () -> String.join(" ", command) + ": " + output);
    return output;
  }
}
