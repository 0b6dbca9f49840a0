package org.lichen.devices.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Command;
import org.lichen.api.command.Invocation;
import org.lichen.api.command.Option;
import org.lichen.api.command.Outcome;
import org.lichen.devices.cdi.CdiDevices;
import org.osgi.service.component.annotations.Component;

/** {@code lichen cdi list}: the devices that {@code --device} takes by name. */
@Component
public final class CdiCommand implements Command {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @Override
  public String name() {
    return "cdi";
  }

  @Override
  public String group() {
    return "System";
  }

  @Override
  public String summary() {
    return "List the devices that CDI files tell of: cdi list.";
  }

  @Override
  public List<Option> options() {
    return List.of(new Option("--format", "json", "As JSON."));
  }

  @Override
  public List<String> complete(Invocation in, int word) {
    return word == 0 ? List.of("list") : List.of();
  }

  @Override
  public Outcome run(Invocation in) throws ContainerException, IOException {
    if (!in.operands().equals(List.of("list"))) {
      throw new ContainerException(Kind.USAGE, "cdi: do what?", "lichen cdi list");
    }
    CdiDevices devices = CdiDevices.of(in.request());
    boolean json = in.values().getOrDefault("--format", List.of()).contains("json");
    List<Object> rows = new ArrayList<>();
    for (Map.Entry<String, List<Path>> device : devices.all().entrySet()) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("name", device.getKey());
      row.put("files", device.getValue().stream().map(Path::toString).toList());
      row.put("usable", device.getValue().size() == 1);
      rows.add(row);
      if (!json) {
        boolean usable = device.getValue().size() == 1;
        in.out().println(device.getKey() + (usable ? "" : " (told of twice, not usable)"));
      }
    }
    if (json) {
      in.out().println(JSON.writeValueAsString(rows));
    }
    for (ContainerException failure : devices.failures()) {
      in.err().println("lichen: " + failure.getMessage());
    }
    return Outcome.exit(devices.failures().isEmpty() ? 0 : 1);
  }
}
