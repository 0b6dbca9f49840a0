package org.lichen.api.plan;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What the shim does around a launcher's step. {@code id} is empty where the shim makes the
 * container itself; {@code name} is claimed only then. {@code announce} is printed by the client
 * after a detached start. {@code local}: a directory on a local disk; {@code local} in the
 * container's directory shall be a link to a directory of the container's own in it. {@code calls}:
 * it ends when nobody calls it any more.
 */
public record ShimOrders(
    Optional<String> id,
    String name,
    boolean terminal,
    boolean interactive,
    boolean detached,
    boolean ephemeral,
    boolean log,
    boolean calls,
    String detachKeys,
    int stopSignal,
    Duration stopTimeout,
    String announce,
    Optional<Path> local,
    HostCalls host) {

  Records.Builder encoded() {
    Records.Builder out = Records.builder();
    id.ifPresent(i -> out.text("id..", i));
    if (!name.isEmpty()) {
      out.text("name", name);
    }
    flag(out, terminal, "terminal");
    flag(out, interactive, "interactive");
    flag(out, detached, "detached");
    flag(out, ephemeral, "ephemeral");
    flag(out, log, "log");
    flag(out, calls, "calls");
    host.encode(out);
    local.ifPresent(directory -> out.text("locl", directory.toString()));
    return out.text("keys", detachKeys)
        .number("stop", stopSignal)
        .number("time", stopTimeout.toSeconds())
        .text("prnt", announce);
  }

  private static void flag(Records.Builder out, boolean set, String name) {
    if (set) {
      out.text("flag", name);
    }
  }
}
