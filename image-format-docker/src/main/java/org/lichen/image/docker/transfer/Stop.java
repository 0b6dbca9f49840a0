package org.lichen.image.docker.transfer;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;

/**
 * Whether a transfer is to end before its end: because nobody waits for it any more, or because a
 * part of it failed. The first failure is the reason; those that follow from it are of no interest.
 */
final class Stop {
  private final AtomicBoolean set = new AtomicBoolean();
  private final AtomicReference<@Nullable ContainerException> failure = new AtomicReference<>();
  private final Content content;

  Stop(Content content) {
    this.content = content;
  }

  void now() {
    if (!set.getAndSet(true)) {
      content.abort();
    }
  }

  void because(ContainerException reason) {
    if (!requested()) {
      failure.compareAndSet(null, reason);
    }
    now();
  }

  boolean requested() {
    return set.get();
  }

  Optional<ContainerException> failure() {
    return Optional.ofNullable(failure.get());
  }
}
