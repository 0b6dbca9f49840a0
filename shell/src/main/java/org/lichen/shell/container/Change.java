package org.lichen.shell.container;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.container.Container;
import org.lichen.api.container.Container.State;
import org.lichen.api.container.FileSetting;
import org.lichen.api.container.GuestFiles;
import org.lichen.api.container.Setting;
import org.lichen.api.container.Settings;
import org.lichen.api.launch.LaunchSetting;
import org.lichen.api.launch.Launcher.Effect;
import org.lichen.shell.base.Call;

/**
 * A change of a container's settings: made so first and recorded then, so it can be repeated.
 * {@code undo}: what was added is to be taken away.
 */
record Change(Call call, Setting setting, boolean undo) {
  private static final String ADD = "add_";
  private static final String REMOVE = "remove_";

  /** The settings as they shall be. */
  @FunctionalInterface
  interface Wanted {
    Settings of(Settings now, String type, String name);
  }

  /** {@code remove_X} undoes {@code add_X}, unless it is a setting of its own. */
  static Change of(Call call, String type) throws ContainerException {
    Optional<Setting> found = find(call, type);
    if (found.isEmpty() && type.startsWith(REMOVE)) {
      found =
          find(call, ADD + type.substring(REMOVE.length()))
              .filter(added -> added instanceof LaunchSetting);
      if (found.isPresent()) {
        return new Change(call, found.get(), true);
      }
    }
    return new Change(
        call,
        found.orElseThrow(
            () ->
                new ContainerException(
                    Kind.USAGE,
                    "there is no setting '" + type + "'",
                    "one of: "
                        + all(call).stream().map(Setting::type).collect(Collectors.joining(", ")))),
        false);
  }

  private static Optional<Setting> find(Call call, String type) {
    return all(call).stream().filter(each -> each.type().equals(type)).findFirst();
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

  boolean needsValue() {
    return !undo && (!(setting instanceof LaunchSetting launched) || launched.named());
  }

  /** Adds values; of a setting that has one, in the place of the one before. */
  void add(String container, String name, List<String> values) throws ContainerException {
    for (String each : values) {
      if (each.indexOf('\uFFFD') >= 0) {
        throw new ContainerException(Kind.USAGE, "a value is not UTF-8: " + each, "");
      }
    }
    if (undo) {
      remove(container, name, values);
    } else if (setting instanceof LaunchSetting launched) {
      LaunchSetting.Entry entry =
          launched.entry(name, launched.single() ? values : values(values), call.request());
      launch(
          container,
          now ->
              launched.single()
                  ? now.replaced(setting.type(), entry.name(), entry.values())
                  : now.with(setting.type(), entry.name(), entry.values()));
    } else {
      files(container, name, (now, of, key) -> now.with(of, key, values(values)));
    }
  }

  /** Takes values away; without any, all of that name. */
  void remove(String container, String name, List<String> values) throws ContainerException {
    if (setting instanceof LaunchSetting launched) {
      LaunchSetting.Entry entry = launched.entry(name, List.of(), call.request());
      List<String> less = launched.single() ? List.of() : typedAndMeant(launched, name, values);
      UnaryOperator<Settings> change = now -> now.without(setting.type(), entry.name(), less);
      Settings now = Settings.of(call.container(container).spec());
      if (change.apply(now).equals(now)) {
        throw new ContainerException(
            Kind.NOT_FOUND,
            "container " + container + " has no such " + setting.type() + " of " + entry.name(),
            "lichen get " + container);
      }
      launch(container, change);
    } else {
      files(container, name, (now, of, key) -> now.without(of, key, values(values)));
    }
  }

  /** What is to be taken away may be there no more, and cannot be checked then. */
  private List<String> typedAndMeant(LaunchSetting launched, String name, List<String> typed) {
    List<String> all = new ArrayList<>(values(typed));
    try {
      all.addAll(launched.entry(name, all, call.request()).values());
    } catch (ContainerException gone) {
      return all;
    }
    return all;
  }

  /** What takes effect later than that is told. */
  private void launch(String name, UnaryOperator<Settings> change) throws ContainerException {
    Container container = call.container(name);
    boolean running = container.state() == State.RUNNING || container.state() == State.PAUSED;
    Effect effect =
        call.services().runtime().change(container.id(), setting.type(), change, call.request());
    if (running && effect != Effect.NOW) {
      call.err().println("lichen: takes effect " + effect.words());
    }
  }

  private void files(String containerName, String typed, Wanted wanted) throws ContainerException {
    FileSetting changed = (FileSetting) setting;
    Container container = call.container(containerName);
    String key;
    try (GuestFiles files = call.services().runtime().files(container.id(), call.request())) {
      key = changed.name(typed, files);
      Settings settings = wanted.of(Settings.of(container.spec()), setting.type(), key);
      changed.apply(key, settings, files);
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST,
          "cannot change " + typed + " in container " + containerName + ": " + e.getMessage(),
          "",
          e);
    }
    call.services()
        .runtime()
        .update(container.id(), spec -> wanted.of(Settings.of(spec), setting.type(), key).in(spec));
  }
}
