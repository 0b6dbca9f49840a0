package org.lichen.image.singularity.read;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.image.ImageStore.LayerContent;
import org.lichen.api.image.Platform;
import org.lichen.image.singularity.sif.DataType;
import org.lichen.image.singularity.sif.Sif;
import org.lichen.image.singularity.sif.SifObject;

/**
 * An OCI image in a SIF (SingularityCE 4, "OCI-SIF"): index, manifest, configuration and layers are
 * objects, found by digest; layers are squashfs, or tars as anywhere. Digests are verified.
 */
final class OciSif {
  private static final String INDEX = "application/vnd.oci.image.index.v1+json";
  private static final int LARGEST = 4 << 20;
  private static final int DEEPEST = 4;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final ImageFile image;
  private final Sif sif;
  private final String what;
  private final List<Platform> offered = new ArrayList<>();

  /** A layer: squashfs at a place, or a tar. */
  record Layer(SifObject object, Digest digest, boolean squashfs, String mediaType) {}

  /** What the image is made of. */
  record Found(Map<String, Object> config, Platform platform, List<Layer> layers) {
    Found {
      layers = List.copyOf(layers);
    }
  }

  OciSif(ImageFile image, String what) {
    this.image = image;
    this.sif = image.sif().orElseThrow();
    this.what = what;
  }

  static boolean is(Sif sif) {
    return sif.primary().isEmpty() && sif.first(DataType.OCI_INDEX).isPresent();
  }

  /** The image for a platform. */
  Found find(Platform wanted) throws IOException, ContainerException {
    SifObject index = sif.first(DataType.OCI_INDEX).orElseThrow();
    JsonNode root = json(Sif.content(image.file(), index, LARGEST), "the root index");
    return find(root, wanted, 0)
        .orElseThrow(
            () ->
                new ContainerException(
                    Kind.UNSUPPORTED,
                    "image (" + what + ") is for " + offered + ", not for " + wanted,
                    ""));
  }

  private Optional<Found> find(JsonNode index, Platform wanted, int depth)
      throws IOException, ContainerException {
    if (depth > DEEPEST) {
      throw corrupt("its indexes are nested deeper than " + DEEPEST);
    }
    for (JsonNode each : index.path("manifests")) {
      JsonNode document = json(blob(each), "manifest " + each.path("digest").asText());
      Optional<Found> found =
          each.path("mediaType").asText().equals(INDEX) || document.has("manifests")
              ? find(document, wanted, depth + 1)
              : image(document, wanted);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private Optional<Found> image(JsonNode manifest, Platform wanted)
      throws IOException, ContainerException {
    JsonNode config = json(blob(manifest.path("config")), "the configuration");
    Platform platform =
        new Platform(
            config.path("os").asText(),
            config.path("architecture").asText(),
            config.path("variant").asText());
    if (!wanted.accepts(platform)) {
      offered.add(platform);
      return Optional.empty();
    }
    List<Layer> layers = new ArrayList<>();
    for (JsonNode each : manifest.path("layers")) {
      String type = each.path("mediaType").asText();
      boolean squashfs = type.equals(SquashLayers.MARKED);
      if (!squashfs && !type.contains(".tar")) {
        throw new ContainerException(
            Kind.UNSUPPORTED,
            "cannot read image (" + what + "): a layer is of type '" + type + "'",
            "");
      }
      layers.add(new Layer(object(each), digest(each), squashfs, type));
    }
    Map<String, Object> all = new LinkedHashMap<>();
    all.putAll(MAPPER.convertValue(config, new TypeReference<Map<String, Object>>() {}));
    all.remove("rootfs"); // of layers in another form
    all.remove("history");
    return Optional.of(new Found(all, platform, layers));
  }

  private Digest digest(JsonNode descriptor) throws ContainerException {
    try {
      return Digest.parse(descriptor.path("digest").asText());
    } catch (IllegalArgumentException e) {
      throw corrupt("'" + descriptor.path("digest").asText() + "' is not a digest");
    }
  }

  private SifObject object(JsonNode descriptor) throws ContainerException {
    String digest = digest(descriptor).toString();
    return sif.objects().stream()
        .filter(each -> each.type() == DataType.OCI_BLOB && each.digest().equals(digest))
        .findFirst()
        .orElseThrow(() -> corrupt("it has no blob " + digest));
  }

  private byte[] blob(JsonNode descriptor) throws IOException, ContainerException {
    byte[] content = Sif.content(image.file(), object(descriptor), LARGEST);
    Digest wanted = digest(descriptor);
    if (!Digest.of(wanted.algorithm(), Digest.hasher(wanted.algorithm()).digest(content))
        .equals(wanted)) {
      throw corrupt("blob " + wanted + " is damaged");
    }
    return content;
  }

  private JsonNode json(byte[] content, String name) throws IOException, ContainerException {
    try {
      return MAPPER.readTree(content);
    } catch (JacksonException e) {
      throw corrupt(name + " is no JSON");
    }
  }

  private ContainerException corrupt(String why) {
    return new ContainerException(Kind.CORRUPT, "cannot read image (" + what + "): " + why, "");
  }

  /** A layer that is a tar. */
  LayerContent archive(Layer layer) {
    return new LayerContent.Archive(
        Optional.of(layer.digest()),
        Optional.empty(),
        layer.mediaType(),
        () -> new Part(image.file(), layer.object().offset(), layer.object().size()));
  }
}
