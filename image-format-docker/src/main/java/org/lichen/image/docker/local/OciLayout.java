package org.lichen.image.docker.local;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.Platform;
import org.lichen.image.docker.model.Descriptor;
import org.lichen.image.docker.model.Document;
import org.lichen.image.docker.model.Json;
import org.lichen.image.docker.model.Origin;

/** The images of an OCI image layout (OCI image-spec "image-layout"), in a directory or a tar. */
final class OciLayout {
  private static final String REF = "org.opencontainers.image.ref.name";
  private static final String CONTAINERD = "io.containerd.image.name";

  private final Tree tree;
  private final ImageReference source;
  private final Origin origin;

  OciLayout(Tree tree, ImageReference source) {
    this.tree = tree;
    this.source = source;
    origin = new Origin("OCI layout", source.toString());
  }

  static boolean is(Tree tree) {
    return tree.has("oci-layout") && tree.has("index.json");
  }

  List<Candidate> candidates() throws ContainerException {
    Json version =
        Json.parse(tree.document("oci-layout", origin), origin)
            .requireObject()
            .get("imageLayoutVersion");
    if (!version.text().startsWith("1.")) {
      throw origin.unsupported("its version is " + version.text() + ", not 1", "");
    }
    Document index = Document.parse(tree.document("index.json", origin), "", origin);
    if (!(index instanceof Document.Index known)) {
      throw origin.corrupt("index.json is not an index");
    }
    List<Candidate> candidates = new ArrayList<>();
    groups(known.manifests()).forEach(group -> candidates.add(candidate(group)));
    return candidates;
  }

  /**
   * Manifests of one name are one image for several platforms. So are those without a name, unless
   * two are for the same platform.
   */
  private static List<List<Descriptor>> groups(List<Descriptor> manifests) {
    Map<String, List<Descriptor>> named = new LinkedHashMap<>();
    List<Descriptor> unnamed = new ArrayList<>();
    for (Descriptor each : manifests) {
      Optional<String> name = label(each, CONTAINERD).or(() -> label(each, REF));
      (name.isEmpty() ? unnamed : named.computeIfAbsent(name.get(), k -> new ArrayList<>()))
          .add(each);
    }
    List<List<Descriptor>> groups = new ArrayList<>(named.values());
    Set<Optional<Platform>> platforms = new LinkedHashSet<>();
    boolean distinct = unnamed.stream().allMatch(d -> platforms.add(d.platform()));
    if (distinct && !unnamed.isEmpty()) {
      groups.add(unnamed);
    } else {
      unnamed.forEach(each -> groups.add(List.of(each)));
    }
    return groups;
  }

  private Candidate candidate(List<Descriptor> group) {
    Set<ImageReference> names = new LinkedHashSet<>();
    Set<String> labels = new LinkedHashSet<>();
    for (Descriptor each : group) {
      Optional<String> full = label(each, CONTAINERD);
      Optional<String> ref = label(each, REF);
      full.ifPresent(labels::add);
      ref.ifPresent(labels::add);
      full.flatMap(Names::full)
          .or(() -> ref.flatMap(label -> Names.ofLayout(label, source)))
          .ifPresent(names::add);
    }
    return new Candidate(
        new TreeContent(tree, source.toString(), TreeContent::blob),
        new Document.Index(group),
        List.copyOf(names),
        labels);
  }

  private static Optional<String> label(Descriptor descriptor, String annotation) {
    return Optional.ofNullable(descriptor.annotations().get(annotation)).filter(s -> !s.isEmpty());
  }
}
