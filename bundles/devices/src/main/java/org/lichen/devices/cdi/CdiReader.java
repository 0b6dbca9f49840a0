package org.lichen.devices.cdi;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.devices.cdi.Field.WrongField;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/** Reads a CDI file, JSON or YAML by its name. What the specification does not know is refused. */
final class CdiReader {
  private static final Set<String> VERSIONS =
      Set.of("0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0");
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private CdiReader() {}

  static CdiFile read(Path path) throws ContainerException {
    try {
      return file(path, new Field("", tree(path)));
    } catch (WrongField e) {
      throw wrong(path, String.valueOf(e.getMessage()), e);
    } catch (JsonProcessingException e) {
      String where =
          e.getLocation() == null
              ? ""
              : place(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
      throw wrong(path, e.getOriginalMessage() + where, e);
    } catch (MarkedYAMLException e) {
      String where =
          e.getProblemMark() == null
              ? ""
              : place(e.getProblemMark().getLine() + 1, e.getProblemMark().getColumn() + 1);
      throw wrong(path, e.getProblem() + where, e);
    } catch (YAMLException | IOException e) {
      throw wrong(path, String.valueOf(e.getMessage()), e);
    }
  }

  private static Object tree(Path path) throws IOException {
    String text = Files.readString(path);
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    return path.toString().endsWith(".json")
        ? JSON.readValue(text, Object.class)
        : new Yaml(new SafeConstructor(options)).load(text);
  }

  private static String place(int line, int column) {
    return " (line " + line + ", column " + column + ")";
  }

  private static ContainerException wrong(Path path, String why, Exception cause) {
    return new ContainerException(
        Kind.CORRUPT,
        "cannot read the CDI file " + path + ": " + why,
        "mend it, or have it made anew, as with: nvidia-ctk cdi generate --output=" + path,
        cause);
  }

  private static CdiFile file(Path path, Field root) throws WrongField {
    root.only("cdiVersion", "kind", "annotations", "devices", "containerEdits");
    Field version = root.needed("cdiVersion");
    if (!VERSIONS.contains(version.text())) {
      throw version.wrong(
          "'" + version.text() + "' is not a version that is known: 0.3.0 to 1.0.0");
    }
    Field kind = root.needed("kind");
    if (!CdiName.kind(kind.text())) {
      throw kind.wrong("'" + kind.text() + "' is not VENDOR/CLASS");
    }
    Map<String, Edits> devices = new LinkedHashMap<>();
    for (Field device : root.needed("devices").list()) {
      device.only("name", "annotations", "containerEdits");
      Field name = device.needed("name");
      if (!CdiName.device(name.text())) {
        throw name.wrong("'" + name.text() + "' is not the name of a device");
      }
      if (devices.put(name.text(), edits(device.needed("containerEdits"))) != null) {
        throw name.wrong("'" + name.text() + "' is there twice");
      }
    }
    return new CdiFile(path, kind.text(), devices, edits(root.get("containerEdits")));
  }

  private static Edits edits(Field edits) throws WrongField {
    edits.only("env", "deviceNodes", "mounts", "hooks", "additionalGids", "intelRdt", "netDevices");
    List<String> variables = new ArrayList<>();
    for (Field one : edits.get("env").list()) {
      if (one.text().indexOf('=') < 1) {
        throw one.wrong("'" + one.text() + "' is not NAME=VALUE");
      }
      variables.add(one.text());
    }
    List<Edits.Node> nodes = new ArrayList<>();
    for (Field node : edits.get("deviceNodes").list()) {
      node.only(
          "path", "hostPath", "type", "major", "minor", "fileMode", "permissions", "uid", "gid");
      String path = node.needed("path").path();
      node.get("permissions").matching("[rwm]*", "not made of r, w and m");
      node.get("type").matching("[bcup]?", "not b, c, u or p");
      nodes.add(new Edits.Node(path, node.get("hostPath").pathOr(path)));
    }
    List<Edits.Bind> mounts = new ArrayList<>();
    for (Field mount : edits.get("mounts").list()) {
      mount.only("hostPath", "containerPath", "options", "type");
      String type = mount.get("type").textOr("bind");
      String source = mount.needed("hostPath").text();
      boolean made = type.equals("tmpfs");
      mounts.add(
          new Edits.Bind(
              made ? source : mount.needed("hostPath").path(),
              mount.needed("containerPath").path(),
              made ? type : "bind",
              mount.get("options").texts()));
    }
    List<Long> groups = new ArrayList<>();
    for (Field group : edits.get("additionalGids").list()) {
      groups.add(group.number());
    }
    List<Edits.Hook> hooks = hooks(edits);
    for (String unknown : List.of("intelRdt", "netDevices")) {
      if (edits.get(unknown).there()) {
        hooks.add(new Edits.Hook(unknown, unknown, List.of())); // told of as what is left out
      }
    }
    return new Edits(variables, nodes, mounts, hooks, groups);
  }

  private static List<Edits.Hook> hooks(Field edits) throws WrongField {
    List<Edits.Hook> hooks = new ArrayList<>();
    for (Field hook : edits.get("hooks").list()) {
      hook.only("hookName", "path", "args", "env", "timeout");
      hooks.add(
          new Edits.Hook(
              hook.needed("hookName").text(),
              hook.needed("path").text(),
              hook.get("args").texts()));
    }
    return hooks;
  }
}
