package org.lichen.image.singularity.read;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.image.singularity.verify.KeyRing;
import org.lichen.image.singularity.verify.Verification;

/**
 * Whether an image may be used that nobody whom the caller trusts has signed: {@code
 * singularity.require-signed} (true) and {@code singularity.keys} (files) in the configuration. A
 * site that sets the first cannot be overruled by being silent about the second: without keys the
 * user's own rings count.
 */
public final class Policy {
  private static final String REQUIRED = "singularity.require-signed";
  private static final String KEYS = "singularity.keys";

  private final Request request;

  public Policy(Request request) {
    this.request = request;
  }

  /** The keys of the configuration, or else those of the user's rings. */
  public KeyRing keys() throws ContainerException {
    if (request.configuration().list(KEYS).isEmpty()) {
      return KeyRing.of(request);
    }
    Path home = request.path(request.environment().getOrDefault("HOME", "/"));
    KeyRing keys = new KeyRing();
    for (String file : request.configuration().list(KEYS)) {
      keys.add(file.startsWith("~/") ? home.resolve(file.substring(2)) : request.path(file));
    }
    return keys;
  }

  /** Refuses a file that must be signed and is not. */
  void check(ImageFile file, String what) throws IOException, ContainerException {
    if (!request.configuration().text(REQUIRED).orElse("false").equals("true")) {
      return;
    }
    if (file.sif().isEmpty()) {
      throw refusal(what, "a bare squashfs has no signature");
    }
    Verification check = new Verification(file.sif().get(), file.file(), keys());
    Verification.Outcome outcome = check.verify(check.wanted(false));
    if (!outcome.good()) {
      String reasons =
          outcome.findings().stream()
              .filter(each -> each.verdict() != Verification.Verdict.GOOD)
              .map(Verification.Finding::reason)
              .collect(Collectors.joining("; "));
      throw refusal(what, reasons.isEmpty() ? "it is not signed" : reasons);
    }
  }

  private static ContainerException refusal(String what, String why) {
    return new ContainerException(
        Kind.UNSUPPORTED,
        "image (" + what + ") is not used, for " + REQUIRED + " is set: " + why,
        "lichen sif verify FILE; keys are named by " + KEYS + " in the configuration");
  }
}
