package org.lichen.image.docker.local;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.image.ImageReference;
import org.lichen.image.docker.model.ConfigFile;
import org.lichen.image.docker.model.Descriptor;
import org.lichen.image.docker.model.Document;
import org.lichen.image.docker.model.Json;
import org.lichen.image.docker.model.MediaTypes;
import org.lichen.image.docker.model.Origin;

/**
 * The images of an archive of {@code docker save} with a {@code manifest.json} (Docker image
 * specification v1.2 and later). It has no manifests with digests, so they are made here; the
 * configuration stays as it is, byte by byte, and with it the id of the image.
 *
 * <pre>
 *   manifest.json   [{"Config": "HEX.json", "RepoTags": ["a:1"], "Layers": ["HEX/layer.tar", …]}, …]
 * </pre>
 */
final class DockerArchive {
  /** A name that is the digest of what it names. */
  private static final Pattern ADDRESS =
      Pattern.compile("(?:blobs/sha256/)?([0-9a-f]{64})(?:\\.json)?");

  private final Tree tree;
  private final String which;
  private final Origin origin;

  DockerArchive(Tree tree, ImageReference source) {
    this.tree = tree;
    which = source.toString();
    origin = new Origin("docker archive", which);
  }

  /** What is in a {@code manifest.json}, if this is one of a docker archive. */
  static Optional<Json> manifest(Tree tree, ImageReference source) throws ContainerException {
    Origin origin = new Origin("docker archive", source.toString());
    if (!tree.has("manifest.json")) {
      return Optional.empty();
    }
    return Optional.of(Json.parse(tree.document("manifest.json", origin), origin))
        .filter(Json::array);
  }

  List<Candidate> candidates(Json manifest) throws ContainerException {
    List<Candidate> candidates = new ArrayList<>();
    for (Json each : manifest.items()) {
      candidates.add(candidate(each.requireObject()));
    }
    return candidates;
  }

  private Candidate candidate(Json entry) throws ContainerException {
    String configName = entry.get("Config").text();
    byte[] bytes = tree.document(configName, origin);
    Digest id = Digest.of(bytes);
    Matcher address = ADDRESS.matcher(TarIndex.normal(configName));
    if (address.matches() && !address.group(1).equals(id.hex())) {
      throw origin.corrupt("the content of " + configName + " has the digest " + id);
    }
    List<String> layerNames = entry.get("Layers").texts();
    ConfigFile config = ConfigFile.parse(bytes, new Origin("configuration " + configName, which));
    config.requireLayers(layerNames.size(), new Origin("configuration " + configName, which));

    Map<Digest, String> files = new HashMap<>();
    Descriptor configuration = Descriptor.of(MediaTypes.OCI_CONFIG, id, bytes.length);
    files.put(id, configName);
    List<Descriptor> layers = new ArrayList<>();
    for (int i = 0; i < layerNames.size(); i++) {
      Descriptor layer = layer(layerNames.get(i), config.diffIds().get(i));
      files.put(layer.digest(), layerNames.get(i));
      layers.add(layer);
    }
    List<String> tags = entry.get("RepoTags").texts();
    return new Candidate(
        new TreeContent(
            tree, which, descriptor -> files.getOrDefault(descriptor.digest(), "no such file")),
        document(configuration, layers),
        tags.stream().map(Names::full).flatMap(Optional::stream).toList(),
        Set.copyOf(tags));
  }

  /** A layer is a tar, whose digest the configuration knows, or, from some tools, compressed. */
  private Descriptor layer(String name, Digest diffId) throws ContainerException {
    if (!tree.has(name)) {
      throw origin.corrupt("there is no " + name);
    }
    try {
      Compression compression = Compression.of(tree, name);
      Digest digest = compression == Compression.NONE ? diffId : Hashing.of(() -> tree.open(name));
      return Descriptor.of(MediaTypes.OCI_LAYER + compression.suffix(), digest, tree.size(name));
    } catch (IOException failed) {
      throw origin.corrupt(name + ": " + failed.getMessage());
    }
  }

  private Document document(Descriptor config, List<Descriptor> layers) throws ContainerException {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("schemaVersion", 2);
    json.put("mediaType", MediaTypes.OCI_MANIFEST);
    json.put("config", config.toJson());
    json.put("layers", layers.stream().map(Descriptor::toJson).toList());
    return Document.parse(Json.write(json), MediaTypes.OCI_MANIFEST, origin);
  }
}
