package org.example.lichen.gogo;

import java.util.Locale;
import org.osgi.service.component.annotations.Component;

/** A command as any Gogo shell knows it: arguments are converted, the result is printed. */
@Component(
    service = Shout.class,
    property = {"osgi.command.scope=lichen", "osgi.command.function=shout"})
public final class Shout {
  /** Called as {@code lichen shout WORD}. */
  public String shout(String word) {
    return word.toUpperCase(Locale.ROOT);
  }
}
