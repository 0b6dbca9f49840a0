package org.lichen.api.image;

import java.util.List;

/** What a check of the store found, and what of it was repaired; sentences for people. */
public record Check(List<String> problems, List<String> repaired) {
  public Check {
    problems = List.copyOf(problems);
    repaired = List.copyOf(repaired);
  }
}
