package org.lichen.image.singularity.read;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.image.singularity.sif.DataType;
import org.lichen.image.singularity.sif.Sif;
import org.lichen.image.singularity.sif.SifObject;
import org.lichen.image.singularity.squashfs.Squashfs;

/**
 * What an image says about itself: the sections of its definition, as they lie in {@code
 * /.singularity.d} (Apptainer's user guide, "Metadata"), and its apps below {@code /scif/apps}.
 * What is larger than a section can be is left out.
 */
final class Sections {
  private static final int LARGEST = 256 << 10;
  private static final String DIRECTORY = ".singularity.d";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final ImageFile image;
  private final Squashfs root;

  Sections(ImageFile image, Squashfs root) {
    this.image = image;
    this.root = root;
  }

  /** By name, for the configuration of the image; what is not there is left out. */
  Map<String, Object> all() throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    text(DIRECTORY + "/runscript").ifPresent(text -> all.put("runscript", text));
    text(DIRECTORY + "/startscript").ifPresent(text -> all.put("startscript", text));
    text(DIRECTORY + "/test").ifPresent(text -> all.put("test", text));
    environment().ifPresent(text -> all.put("environment", text));
    definition().ifPresent(text -> all.put("deffile", text));
    List<String> apps = new ArrayList<>(root.names("scif/apps"));
    apps.removeIf(app -> !app.matches("[A-Za-z0-9_.-]+"));
    all.put("apps", apps);
    text("etc/passwd").ifPresent(text -> all.put("passwd", text));
    text("etc/group").ifPresent(text -> all.put("group", text));
    all.put("shell", shell());
    return all;
  }

  boolean shell() throws IOException {
    return root.has("bin/sh") || root.has("usr/bin/sh");
  }

  /** What the environment's scripts export, as far as that can be told without a shell. */
  Exports.Found exports(Map<String, String> environment) throws IOException {
    List<String> names = new ArrayList<>(root.names(DIRECTORY + "/env"));
    names.removeIf(name -> !name.endsWith(".sh"));
    names.sort(null);
    List<String> scripts = new ArrayList<>();
    for (String name : names) {
      text(DIRECTORY + "/env/" + name).ifPresent(scripts::add);
    }
    return Exports.of(scripts, environment);
  }

  private Optional<String> text(String path) throws IOException {
    return root.size(path).orElse(Long.MAX_VALUE) > LARGEST
        ? Optional.empty()
        : root.content(path, LARGEST).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  /** Every script of {@code %environment}, under its name, as apptainer inspect shows them. */
  private Optional<String> environment() throws IOException {
    StringBuilder all = new StringBuilder();
    List<String> names = new ArrayList<>(root.names(DIRECTORY + "/env"));
    names.removeIf(name -> !name.matches("9[0-9]-environment\\.sh"));
    names.sort(null);
    for (String name : names) {
      String path = DIRECTORY + "/env/" + name;
      text(path).ifPresent(text -> all.append("=== /" + path + " ===\n").append(text).append('\n'));
    }
    return all.isEmpty() ? Optional.empty() : Optional.of(all.toString().stripTrailing() + "\n");
  }

  private Optional<String> definition() throws IOException {
    Optional<SifObject> object = image.sif().flatMap(sif -> sif.first(DataType.DEFINITION));
    return object.isPresent() && object.get().size() <= LARGEST
        ? Optional.of(
            new String(Sif.content(image.file(), object.get(), LARGEST), StandardCharsets.UTF_8))
        : text(DIRECTORY + "/Singularity");
  }

  /** Of labels.json, and of the SIF's own object of labels. */
  Map<String, String> labels() throws IOException {
    Map<String, String> labels = new LinkedHashMap<>();
    Optional<SifObject> object = image.sif().flatMap(sif -> sif.first(DataType.LABELS));
    if (object.isPresent() && object.get().size() <= LARGEST) {
      add(labels, Sif.content(image.file(), object.get(), LARGEST));
    }
    Optional<String> own = text(DIRECTORY + "/labels.json");
    if (own.isPresent()) {
      add(labels, own.get().getBytes(StandardCharsets.UTF_8));
    }
    return labels;
  }

  private static void add(Map<String, String> labels, byte[] json) throws IOException {
    try {
      JsonNode tree = MAPPER.readTree(new String(json, StandardCharsets.UTF_8));
      tree.properties().forEach(each -> labels.put(each.getKey(), each.getValue().asText()));
    } catch (JacksonException notJson) {
      // Singularity 2 let people write what they liked there; it is a remark, not the image
    }
  }

  /** The OCI configuration of an image that was made from one, as Singularity keeps it in a SIF. */
  Optional<JsonNode> oci() throws IOException {
    Optional<SifObject> object =
        image
            .sif()
            .flatMap(
                sif ->
                    sif.objects().stream()
                        .filter(each -> each.type() == DataType.JSON)
                        .filter(each -> each.name().equals("oci-config.json"))
                        .findFirst());
    if (object.isEmpty() || object.get().size() > LARGEST) {
      return Optional.empty();
    }
    try {
      byte[] json = Sif.content(image.file(), object.get(), LARGEST);
      return Optional.of(MAPPER.readTree(new String(json, StandardCharsets.UTF_8)))
          .filter(JsonNode::isObject);
    } catch (JacksonException notJson) {
      return Optional.empty();
    }
  }
}
