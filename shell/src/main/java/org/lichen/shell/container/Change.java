package org.lichen.shell.container;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.container.Container;
import org.lichen.api.container.GuestFiles;
import org.lichen.api.container.Setting;
import org.lichen.api.container.Settings;
import org.lichen.shell.base.Call;

/** A change of a container's settings: made so first and recorded then, so it can be repeated. */
record Change(Call call, Setting setting) {
  /** The settings as they shall be. */
  @FunctionalInterface
  interface Wanted {
    Settings of(Settings now, String type, String name);
  }

  static Change of(Call call, String type) throws ContainerException {
    return new Change(
        call,
        all(call).stream()
            .filter(each -> each.type().equals(type))
            .findFirst()
            .orElseThrow(
                () ->
                    new ContainerException(
                        Kind.USAGE,
                        "there is no setting '" + type + "'",
                        "one of: "
                            + all(call).stream()
                                .map(Setting::type)
                                .collect(Collectors.joining(", ")))));
  }

  static List<Setting> all(Call call) {
    return call.services().settings().get().stream()
        .sorted(Comparator.comparing(Setting::type))
        .toList();
  }

  /** Several values in one word are separated by semicolons. */
  static List<String> values(List<String> words) {
    return words.stream()
        .flatMap(word -> Stream.of(word.split(";", -1)))
        .filter(value -> !value.isEmpty())
        .toList();
  }

  void make(String containerName, String typed, Wanted wanted) throws ContainerException {
    Container container = call.container(containerName);
    Settings settings;
    try (GuestFiles files = call.services().runtime().files(container.id(), call.request())) {
      String name = setting.name(typed, files);
      settings = wanted.of(Settings.of(container.spec()), setting.type(), name);
      setting.apply(name, settings, files);
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST,
          "cannot change " + typed + " in container " + containerName + ": " + e.getMessage(),
          "",
          e);
    }
    call.services().runtime().update(container.id(), settings::in);
  }
}
