package org.lichen.image.singularity.read;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lichen.api.image.LaunchDefaults.Account;

/**
 * Lines for the caller in the guest's lists of users and groups, in place of whoever has his id.
 */
final class Accounts {
  private Accounts() {}

  static String passwd(String text, Account caller, String home, String shell) {
    return with(
        text,
        caller.uid(),
        String.join(
            ":",
            field(caller.name()),
            "x",
            Long.toString(caller.uid()),
            Long.toString(caller.gid()),
            "",
            field(home),
            field(shell)));
  }

  static String group(String text, Account caller) {
    return with(
        text,
        caller.gid(),
        field(caller.group()) + ":x:" + caller.gid() + ":" + field(caller.name()));
  }

  /** No field can hold what ends one. */
  private static String field(String value) {
    return value.replaceAll("[:\\n]", "_");
  }

  private static String with(String text, long id, String line) {
    Stream<String> others =
        text.lines().filter(each -> !each.matches("[^:]*:[^:]*:" + id + "(:.*)?"));
    return Stream.concat(others, Stream.of(line)).collect(Collectors.joining("\n", "", "\n"));
  }
}
