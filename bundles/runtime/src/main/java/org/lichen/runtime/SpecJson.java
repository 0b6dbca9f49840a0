package org.lichen.runtime;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.Digest;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.container.ContainerSpec;

/** container.json: a spec as JSON. It never names the container's own id. */
final class SpecJson {
  private static final int VERSION = 1;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private SpecJson() {}

  static byte[] write(ContainerSpec spec) {
    ObjectNode out = MAPPER.createObjectNode();
    out.put("version", VERSION)
        .put("name", spec.name())
        .put("imageName", spec.imageName())
        .put("image", spec.image().toString())
        .put("strategy", spec.strategy())
        .put("identity", spec.identity())
        .put("launcher", spec.launcher().orElse(""))
        .put("directory", spec.directory())
        .put("user", spec.user())
        .put("hostname", spec.hostname())
        .put("seccomp", spec.seccomp())
        .put("readOnly", spec.readOnly())
        .put("init", spec.init())
        .put("terminal", spec.terminal())
        .put("interactive", spec.interactive())
        .put("ephemeral", spec.ephemeral())
        .put("stopSignal", spec.stopSignal())
        .put("stopTimeout", spec.stopTimeout().toSeconds())
        .put("detachKeys", spec.detachKeys());
    out.set("command", MAPPER.valueToTree(spec.command()));
    out.set("environment", MAPPER.valueToTree(spec.environment()));
    out.set("namespaces", MAPPER.valueToTree(spec.namespaces()));
    out.set("capabilities", MAPPER.valueToTree(spec.capabilities()));
    out.set("limits", MAPPER.valueToTree(spec.limits()));
    out.set("labels", MAPPER.valueToTree(spec.labels()));
    out.set("others", MAPPER.valueToTree(spec.others()));
    ArrayNode mounts = out.putArray("mounts");
    for (Mount mount : spec.mounts()) {
      ObjectNode one = mounts.addObject();
      one.put("kind", mount.kind())
          .put("source", mount.source())
          .put("target", mount.target().value());
      one.set("options", MAPPER.valueToTree(mount.options()));
    }
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(out);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible); // a tree of plain nodes
    }
  }

  /**
   * Reads container.json.
   *
   * @throws IOException if it is not of that form
   */
  static ContainerSpec read(byte[] json) throws IOException {
    JsonNode in = MAPPER.readTree(json);
    if (in.path("version").asInt() != VERSION) {
      throw new IOException(
          "container.json has version " + in.path("version") + ", not " + VERSION);
    }
    try {
      return spec(in);
    } catch (IllegalArgumentException e) {
      throw new IOException("container.json: " + e.getMessage(), e);
    }
  }

  private static ContainerSpec spec(JsonNode in) {
    ContainerSpec.Builder spec =
        ContainerSpec.builder(text(in, "imageName"), Digest.parse(text(in, "image")))
            .name(text(in, "name"))
            .strategy(text(in, "strategy"))
            .identity(text(in, "identity"))
            .launcher(Optional.of(text(in, "launcher")).filter(l -> !l.isEmpty()))
            .command(texts(in.path("command")))
            .directory(text(in, "directory"))
            .user(text(in, "user"))
            .hostname(text(in, "hostname"))
            .capabilities(new LinkedHashSet<>(texts(in.path("capabilities"))))
            .seccomp(in.path("seccomp").asBoolean())
            .readOnly(in.path("readOnly").asBoolean())
            .init(in.path("init").asBoolean())
            .terminal(in.path("terminal").asBoolean())
            .interactive(in.path("interactive").asBoolean())
            .ephemeral(in.path("ephemeral").asBoolean())
            .stopSignal(text(in, "stopSignal"))
            .stopTimeout(Duration.ofSeconds(in.path("stopTimeout").asLong()))
            .detachKeys(text(in, "detachKeys"));
    texts(in.path("environment")).forEach(spec::environment);
    map(in.path("namespaces")).forEach(spec::namespace);
    map(in.path("limits")).forEach(spec::limit);
    map(in.path("labels")).forEach(spec::label);
    in.path("others")
        .properties()
        .forEach(e -> spec.other(e.getKey(), MAPPER.convertValue(e.getValue(), Object.class)));
    for (JsonNode mount : in.path("mounts")) {
      Set<String> options = new LinkedHashSet<>(texts(mount.path("options")));
      spec.mount(
          new Mount(
              text(mount, "source"),
              new GuestPath(text(mount, "target")),
              text(mount, "kind"),
              options));
    }
    return spec.build();
  }

  private static String text(JsonNode in, String field) {
    return in.path(field).asText();
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(item -> texts.add(item.asText()));
    return texts;
  }

  private static Map<String, String> map(JsonNode object) {
    Map<String, String> map = new LinkedHashMap<>();
    object.properties().forEach(e -> map.put(e.getKey(), e.getValue().asText()));
    return map;
  }
}
