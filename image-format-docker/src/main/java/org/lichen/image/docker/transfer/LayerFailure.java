package org.lichen.image.docker.transfer;

import java.io.IOException;
import org.lichen.api.ContainerException;

/** Carries the user's truth through a channel, which can fail with an IOException only. */
public final class LayerFailure extends IOException {
  private static final long serialVersionUID = 1;

  private final ContainerException reason;

  public LayerFailure(ContainerException reason) {
    super(reason.getMessage(), reason);
    this.reason = reason;
  }

  public ContainerException reason() {
    return reason;
  }
}
