package org.lichen.image.docker.model;

import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;

/** What a manifest digest or a tag leads to: an image, or a choice of images. */
public sealed interface Document {
  /** One image; {@code bytes} are exactly those that {@code digest} is of. */
  @SuppressWarnings("ArrayRecordComponent")
  record Manifest(
      Digest digest, byte[] bytes, String mediaType, Descriptor config, List<Descriptor> layers)
      implements Document {
    public Manifest {
      layers = List.copyOf(layers);
    }
  }

  /** Images for several platforms, or of several names. */
  record Index(List<Descriptor> manifests) implements Document {
    public Index {
      manifests = List.copyOf(manifests);
    }
  }

  /**
   * Reads a document. {@code declared} is the media type that its descriptor or Content-Type gives,
   * or empty.
   */
  static Document parse(byte[] bytes, String declared, Origin origin) throws ContainerException {
    Json json = Json.parse(bytes, origin).requireObject();
    String type = type(json, declared);
    boolean choice = json.get("manifests").present();
    boolean image = json.get("layers").present() || json.get("config").present();
    if (choice && image) {
      // Two readers could see two different images under one digest.
      throw origin.corrupt("it is a manifest and an index at once");
    }
    if (MediaTypes.index(type) || (type.isEmpty() && choice)) {
      if (image) {
        throw origin.corrupt("its media type " + type + " is that of an index, it is a manifest");
      }
      return new Index(Descriptor.list(json.get("manifests")));
    }
    if (choice) {
      throw origin.corrupt("its media type " + type + " is that of a manifest, it is an index");
    }
    return manifest(json, bytes, type);
  }

  private static String type(Json json, String declared) throws ContainerException {
    String own = json.get("mediaType").textOrEmpty();
    Json version = json.get("schemaVersion");
    for (String type : List.of(own, declared)) {
      if (MediaTypes.schema1(type)) {
        throw schema1(json.origin(), type);
      }
    }
    if (version.present() && version.count() == 1) {
      throw schema1(json.origin(), "a manifest without a media type");
    }
    if (!version.present() || version.count() != 2) {
      throw version.corrupt("is not 2");
    }
    if (!own.isEmpty() && !MediaTypes.index(own) && !MediaTypes.manifest(own)) {
      throw json.origin()
          .unsupported("its media type is " + Text.clean(own) + ", which is not an image", "");
    }
    boolean known = MediaTypes.index(declared) || MediaTypes.manifest(declared);
    if (known && !own.isEmpty() && MediaTypes.index(declared) != MediaTypes.index(own)) {
      throw json.origin()
          .corrupt("it was announced as " + declared + " and says that it is " + own);
    }
    return own.isEmpty() && known ? declared : own;
  }

  private static ContainerException schema1(Origin origin, String type) {
    return origin.unsupported(
        "it is "
            + type
            + ", Docker's schema 1, which names no configuration and cannot be verified",
        "push the image again with a current tool, or convert it: skopeo copy --format v2s2");
  }

  private static Manifest manifest(Json json, byte[] bytes, String type) throws ContainerException {
    Descriptor config = Descriptor.parse(json.get("config"));
    if (!config.mediaType().isEmpty() && !MediaTypes.config(config.mediaType())) {
      throw json.origin()
          .unsupported(
              "it is not a container image: its configuration is " + Text.clean(config.mediaType()),
              "");
    }
    List<Descriptor> layers = Descriptor.list(json.get("layers"));
    for (int i = 0; i < layers.size(); i++) {
      String layer = layers.get(i).mediaType();
      if (!MediaTypes.layer(layer)) {
        String why = layer.contains("+encrypted") ? ", which is encrypted" : "";
        throw json.origin().unsupported("layers[" + i + "] is " + Text.clean(layer) + why, "");
      }
    }
    return new Manifest(
        Digest.of(bytes), bytes, type.isEmpty() ? MediaTypes.OCI_MANIFEST : type, config, layers);
  }
}
