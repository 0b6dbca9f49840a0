package org.lichen.shell.base;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** Sizes and times as people read them. */
public final class Words {
  private Words() {}

  public static String size(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    double value = bytes;
    String unit = "";
    for (String next : new String[] {"kB", "MB", "GB", "TB"}) {
      value /= 1000;
      unit = next;
      if (value < 1000) {
        break;
      }
    }
    return String.format(Locale.ROOT, "%.3g %s", value, unit);
  }

  /** {@code 3 hours ago}. */
  public static String ago(Instant then, Instant now) {
    return length(Duration.between(then, now)) + " ago";
  }

  public static String length(Duration duration) {
    long seconds = Math.max(0, duration.toSeconds());
    if (seconds < 120) {
      return plural(seconds, "second");
    }
    if (seconds < 7_200) {
      return plural(seconds / 60, "minute");
    }
    if (seconds < 172_800) {
      return plural(seconds / 3_600, "hour");
    }
    long days = seconds / 86_400;
    return days < 60 ? plural(days, "day") : plural(days / 30, "month");
  }

  private static String plural(long count, String word) {
    return count + " " + word + (count == 1 ? "" : "s");
  }
}
