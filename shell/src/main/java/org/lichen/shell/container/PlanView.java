package org.lichen.shell.container;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lichen.api.plan.Records;

/** A plan as JSON: the records by their tags (docs/FORMATS.md), for people and for tests. */
final class PlanView {
  private static final int HEADER = 12;
  private static final Set<String> NESTED =
      Set.of(
          "need", "shim", "prep", "step", "entr", "root", "lowr", "moun", "file", "rlim", "load");
  private static final Set<String> NUMBERS =
      Set.of("stop", "time", "capb", "init", "soft", "hard", "umsk");
  private static final Set<String> LISTS =
      Set.of(
          "need", "flag", "argv", "envi", "nspc", "lowr", "moun", "opts", "file", "mask", "rdon",
          "rlim", "uidm", "gidm");

  private PlanView() {}

  static Map<String, Object> of(byte[] plan) {
    byte[] records = java.util.Arrays.copyOfRange(plan, HEADER, plan.length);
    return view(Records.decode(records));
  }

  private static Map<String, Object> view(Records records) {
    Map<String, Object> view = new LinkedHashMap<>();
    for (Records.Item item : records.all()) {
      Object value = value(item);
      String name = item.tag().replaceFirst("\\.+$", "");
      if (LISTS.contains(item.tag())) {
        @SuppressWarnings("unchecked") // only lists are put under these names
        List<Object> list = (List<Object>) view.computeIfAbsent(name, n -> new ArrayList<Object>());
        list.add(value);
      } else {
        view.put(name, value);
      }
    }
    return view;
  }

  private static Object value(Records.Item item) {
    if (NUMBERS.contains(item.tag()) || (item.tag().equals("mode") && item.payload().length == 8)) {
      return item.number();
    }
    if (NESTED.contains(item.tag())) {
      try {
        return view(item.records());
      } catch (IllegalArgumentException opaque) {
        return item.payload().length + " bytes"; // another launcher's payload
      }
    }
    return item.text();
  }
}
