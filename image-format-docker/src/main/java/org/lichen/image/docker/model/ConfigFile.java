package org.lichen.image.docker.model;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.Platform;

/** An image's configuration: its platform and the digests of its layers' tars, lowest first. */
public record ConfigFile(ImageConfig config, Platform platform, List<Digest> diffIds) {
  public ConfigFile {
    diffIds = List.copyOf(diffIds);
  }

  public static ConfigFile parse(byte[] bytes, Origin origin) throws ContainerException {
    Json json = Json.parse(bytes, origin).requireObject();
    Platform platform =
        new Platform(
            json.get("os").textOrEmpty(),
            json.get("architecture").textOrEmpty(),
            json.get("variant").textOrEmpty());
    List<Digest> diffIds = new ArrayList<>();
    Json rootfs = json.get("rootfs");
    if (rootfs.present()) {
      for (Json item : rootfs.requireObject().get("diff_ids").items()) {
        diffIds.add(item.digest());
      }
    }
    return new ConfigFile(new ImageConfig(json.map()), platform, diffIds);
  }

  /** Refuses a configuration that speaks of another number of layers than the manifest. */
  public void requireLayers(int count, Origin origin) throws ContainerException {
    if (diffIds.size() != count) {
      throw origin.corrupt(
          "rootfs.diff_ids has " + diffIds.size() + " layers, the manifest " + count);
    }
  }
}
