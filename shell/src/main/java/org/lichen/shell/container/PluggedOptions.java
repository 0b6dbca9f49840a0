package org.lichen.shell.container;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.command.Option;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.launch.LaunchContributor;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The options of {@code run} and {@code create} that launch contributors bring. */
final class PluggedOptions {
  private final Map<LaunchContributor, Map<String, OptionSpec>> all = new LinkedHashMap<>();

  void extend(CommandSpec command, List<LaunchContributor> contributors) {
    for (LaunchContributor contributor : contributors) {
      Map<String, OptionSpec> own = new LinkedHashMap<>();
      for (Option option : contributor.options()) {
        String[] names = option.names().split(",", -1);
        if (!command.optionsMap().keySet().stream().anyMatch(List.of(names)::contains)) {
          OptionSpec one = spec(option, names);
          command.addOption(one);
          own.put(names[0], one);
        }
      }
      all.put(contributor, own);
    }
  }

  private static OptionSpec spec(Option option, String[] names) {
    OptionSpec.Builder one = OptionSpec.builder(names).description(option.help());
    return option.value().isEmpty()
        ? one.type(boolean.class).build()
        : one.type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel(option.value())
            .hideParamSyntax(true)
            .build();
  }

  void apply(ContainerSpec.Builder spec, Request request) throws ContainerException {
    for (Map.Entry<LaunchContributor, Map<String, OptionSpec>> each : all.entrySet()) {
      Map<String, List<String>> values = new LinkedHashMap<>();
      each.getValue()
          .forEach(
              (name, option) -> {
                Object value = option.getValue();
                if (value instanceof List<?> list && !list.isEmpty()) {
                  values.put(name, list.stream().map(String::valueOf).toList());
                } else if (Boolean.TRUE.equals(value)) {
                  values.put(name, List.of("true"));
                }
              });
      if (!values.isEmpty()) {
        each.getKey().ask(values, spec, request);
      }
    }
  }
}
