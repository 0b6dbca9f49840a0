package org.lichen.shell.container;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Names for containers that the user gives none: an adjective and a genus of lichens. */
final class Names {
  private static final List<String> ADJECTIVES =
      List.of(
          "alpine",
          "ashen",
          "bold",
          "brave",
          "bright",
          "calm",
          "coral",
          "crisp",
          "dappled",
          "deep",
          "dewy",
          "early",
          "fair",
          "feral",
          "fresh",
          "frosty",
          "gentle",
          "golden",
          "green",
          "hardy",
          "hidden",
          "jolly",
          "keen",
          "late",
          "lively",
          "lucid",
          "mellow",
          "misty",
          "modest",
          "mossy",
          "nimble",
          "noble",
          "northern",
          "old",
          "pale",
          "patient",
          "plucky",
          "quiet",
          "quick",
          "rocky",
          "rosy",
          "rusty",
          "sandy",
          "silent",
          "silver",
          "slow",
          "small",
          "snowy",
          "stony",
          "sunny",
          "tender",
          "tidy",
          "tiny",
          "vivid",
          "warm",
          "wild",
          "windy",
          "wise",
          "witty",
          "young");

  private static final List<String> GENERA =
      List.of(
          "acarospora",
          "alectoria",
          "aspicilia",
          "bryoria",
          "buellia",
          "caloplaca",
          "candelaria",
          "cetraria",
          "cladonia",
          "collema",
          "dermatocarpon",
          "evernia",
          "flavoparmelia",
          "graphis",
          "hypogymnia",
          "icmadophila",
          "lasallia",
          "lecanora",
          "lecidea",
          "lepraria",
          "leptogium",
          "letharia",
          "lichina",
          "lobaria",
          "melanelia",
          "nephroma",
          "ochrolechia",
          "opegrapha",
          "parmelia",
          "peltigera",
          "pertusaria",
          "physcia",
          "placynthium",
          "platismatia",
          "porpidia",
          "psora",
          "ramalina",
          "rhizocarpon",
          "roccella",
          "solorina",
          "sticta",
          "teloschistes",
          "umbilicaria",
          "usnea",
          "verrucaria",
          "vulpicida",
          "xanthoparmelia",
          "xanthoria");

  private Names() {}

  static String random() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return ADJECTIVES.get(random.nextInt(ADJECTIVES.size()))
        + "_"
        + GENERA.get(random.nextInt(GENERA.size()))
        + "_"
        + Integer.toString(random.nextInt(36 * 36 * 36) + 36 * 36 * 36, 36).substring(1);
  }
}
