package org.lichen.api.container;

import java.util.regex.Pattern;

/** 64 hex digits, random. */
public record ContainerId(String value) {
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{64}");

  public ContainerId {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("'" + value + "' is not a container id");
    }
  }

  /** The first twelve digits, as people read them. */
  public String brief() {
    return value.substring(0, 12);
  }

  @Override
  public String toString() {
    return value;
  }
}
