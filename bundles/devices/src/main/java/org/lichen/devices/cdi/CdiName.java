package org.lichen.devices.cdi;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a device, {@code vendor.com/class=name}; {@code kind} is what stands before {@code
 * =}.
 */
public record CdiName(String kind, String device) {
  private static final String WORD = "[a-zA-Z](?:[a-zA-Z0-9_%s-]*[a-zA-Z0-9])?";
  private static final Pattern KIND =
      Pattern.compile(WORD.formatted(".") + "/" + WORD.formatted(""));
  private static final Pattern DEVICE =
      Pattern.compile("[a-zA-Z0-9](?:[a-zA-Z0-9_.:-]*[a-zA-Z0-9])?");
  private static final Pattern NAME = Pattern.compile("(" + KIND + ")=(" + DEVICE + ")");

  /** Empty if it is none. */
  public static Optional<CdiName> parse(String text) {
    Matcher name = NAME.matcher(text);
    return name.matches()
        ? Optional.of(new CdiName(name.group(1), name.group(2)))
        : Optional.empty();
  }

  static boolean kind(String text) {
    return KIND.matcher(text).matches();
  }

  static boolean device(String text) {
    return DEVICE.matcher(text).matches();
  }

  @Override
  public String toString() {
    return kind + "=" + device;
  }
}
