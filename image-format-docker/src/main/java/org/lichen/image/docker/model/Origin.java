package org.lichen.image.docker.model;

import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;

/** What a document is and where it came from, for messages: {@code manifest}, {@code sha256:…}. */
public record Origin(String what, String which) {
  public ContainerException corrupt(String why) {
    return new ContainerException(Kind.CORRUPT, message(why), "");
  }

  public ContainerException unsupported(String why, String hint) {
    return new ContainerException(Kind.UNSUPPORTED, message(why), hint);
  }

  private String message(String why) {
    return "cannot read " + what + " (" + which + "): " + why;
  }
}
