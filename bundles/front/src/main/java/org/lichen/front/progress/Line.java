package org.lichen.front.progress;

import java.util.Locale;
import java.util.OptionalLong;

/** One task's line. Thread-safe. */
final class Line {
  private static final int BAR = 24;
  private static final double NANOS = 1e9;

  private final String what;
  private final OptionalLong total;
  private final long started;
  private long done;
  private long ended;
  private String state = "";

  Line(String what, OptionalLong total, long started) {
    this.what = what;
    this.total = total;
    this.started = started;
  }

  String what() {
    return what;
  }

  synchronized String state() {
    return state;
  }

  synchronized void state(String value) {
    state = value;
  }

  synchronized void advance(long units) {
    done += units;
  }

  synchronized void end(long now) {
    ended = now;
    if (state.isEmpty() || state.endsWith("ing")) {
      state = "done";
    }
  }

  /** {@code 1f3a… [#####·····] 12.3 / 40.0 MB 5.1 MB/s downloading}, cut to the width. */
  synchronized String bar(int columns) {
    StringBuilder text = new StringBuilder(what).append(' ');
    if (ended == 0 && total.isPresent() && total.getAsLong() > 0 && done > 0) {
      int full = (int) Math.min(BAR, done * BAR / total.getAsLong());
      text.append('[').append("#".repeat(full)).append(" ".repeat(BAR - full)).append("] ");
      text.append(size(done)).append(" / ").append(size(total.getAsLong())).append(' ');
      text.append(rate(System.nanoTime())).append(' ');
    } else if (done > 0) {
      text.append(size(done)).append(' ');
    }
    text.append(state);
    return columns > 1 && text.length() >= columns
        ? text.substring(0, columns - 1)
        : text.toString();
  }

  /** {@code 1f3a…: 40.0 MB in 7.8 s (5.1 MB/s)}. */
  synchronized String summary() {
    double seconds = (ended - started) / NANOS;
    return done == 0
        ? what + ": " + state
        : String.format(
            Locale.ROOT, "%s: %s in %.1f s (%s)", what, size(done), seconds, rate(ended));
  }

  private String rate(long now) {
    double seconds = Math.max((now - started) / NANOS, 1e-3);
    return size((long) (done / seconds)) + "/s";
  }

  static String size(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    double value = bytes;
    String unit = "";
    for (String next : new String[] {"kB", "MB", "GB", "TB"}) {
      if (value < 1000) {
        break;
      }
      value /= 1000;
      unit = next;
    }
    return String.format(Locale.ROOT, "%.1f %s", value, unit);
  }
}
