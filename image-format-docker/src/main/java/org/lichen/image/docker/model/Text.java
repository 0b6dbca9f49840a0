package org.lichen.image.docker.model;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Text from outside, made fit for a message on a terminal. */
public final class Text {
  private static final int LONGEST = 200;

  private Text() {}

  /** On one line, without control characters, and not longer than a message can bear. */
  public static String clean(@Nullable String foreign) {
    String text = Optional.ofNullable(foreign).orElse("");
    StringBuilder clean = new StringBuilder();
    text.codePoints()
        .limit(LONGEST)
        .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? ' ' : c)
        .forEach(clean::appendCodePoint);
    return clean.toString().strip() + (text.length() > LONGEST ? "…" : "");
  }
}
