package org.lichen.image.docker.local;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.image.docker.model.Json;
import org.lichen.image.docker.model.Origin;

/**
 * Changes to a configuration, one instruction of a Dockerfile each, as {@code import --change}
 * takes them: {@code CMD ["sh"]}, {@code CMD=sh}, {@code ENV A=1}.
 */
final class Changes {
  private static final Pattern FORM = Pattern.compile("\\s*([A-Za-z]+)[\\s=]\\s*(.*\\S)\\s*");

  private final Map<String, Object> config = new LinkedHashMap<>();

  /** The configuration that the instructions make, from nothing. */
  static Map<String, Object> apply(List<String> instructions) throws ContainerException {
    Changes changes = new Changes();
    for (String each : instructions) {
      Matcher matcher = FORM.matcher(each);
      if (!matcher.matches()) {
        throw wrong(each, "it is not of the form INSTRUCTION VALUE");
      }
      changes.apply(each, matcher.group(1).toUpperCase(Locale.ROOT), matcher.group(2));
    }
    return changes.config;
  }

  private void apply(String whole, String instruction, String value) throws ContainerException {
    switch (instruction) {
      case "CMD" -> config.put("Cmd", command(whole, value));
      case "ENTRYPOINT" -> config.put("Entrypoint", command(whole, value));
      case "ENV" -> pair(value).forEach((k, v) -> add("Env", k + "=" + v));
      case "EXPOSE" -> {
        for (String port : value.split("\\s+", -1)) {
          put("ExposedPorts", port.contains("/") ? port : port + "/tcp", Map.of());
        }
      }
      case "LABEL" -> pair(value).forEach((k, v) -> put("Labels", k, v));
      case "ONBUILD" -> add("OnBuild", value);
      case "STOPSIGNAL" -> config.put("StopSignal", value);
      case "USER" -> config.put("User", value);
      case "VOLUME" -> {
        boolean list = value.startsWith("[");
        for (String path : list ? list(whole, value) : List.of(value.split("\\s+", -1))) {
          put("Volumes", path, Map.of());
        }
      }
      case "WORKDIR" -> config.put("WorkingDir", value);
      default -> throw wrong(whole, "there is no instruction " + instruction);
    }
  }

  private static List<String> command(String whole, String value) throws ContainerException {
    return value.startsWith("[") ? list(whole, value) : List.of("/bin/sh", "-c", value);
  }

  private static List<String> list(String whole, String value) throws ContainerException {
    try {
      byte[] bytes = value.getBytes(java.nio.charset.StandardCharsets.UTF_8);
      return Json.parse(bytes, new Origin("change", whole)).texts();
    } catch (ContainerException bad) {
      throw wrong(whole, "its value is not a list of strings");
    }
  }

  private static Map<String, String> pair(String value) {
    int equals = value.indexOf('=');
    int space = value.indexOf(' ');
    int cut = equals >= 0 && (space < 0 || equals < space) ? equals : space;
    String key = cut < 0 ? value : value.substring(0, cut);
    String rest = cut < 0 ? "" : value.substring(cut + 1).strip();
    boolean quoted = rest.length() > 1 && rest.startsWith("\"") && rest.endsWith("\"");
    return Map.of(key, quoted ? rest.substring(1, rest.length() - 1) : rest);
  }

  private void add(String key, String value) {
    List<Object> list = new ArrayList<>();
    if (config.get(key) instanceof List<?> known) {
      list.addAll(known);
    }
    list.add(value);
    config.put(key, list);
  }

  private void put(String key, String name, Object value) {
    Map<Object, Object> map = new LinkedHashMap<>();
    if (config.get(key) instanceof Map<?, ?> known) {
      map.putAll(known);
    }
    map.put(name, value);
    config.put(key, map);
  }

  private static ContainerException wrong(String change, String why) {
    return new ContainerException(
        Kind.USAGE,
        "cannot apply change (" + change + "): " + why,
        "instructions are CMD ENTRYPOINT ENV EXPOSE LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR");
  }
}
