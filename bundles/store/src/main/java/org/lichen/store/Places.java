package org.lichen.store;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.lichen.api.Digest;

/**
 * Where everything lies. Nothing else knows these paths.
 *
 * <pre>
 *   HOME/store/            0700; an OCI image layout, and in it
 *     oci-layout  index.json  blobs/ALGORITHM/HEX
 *     store.json           the whiteout encoding of layers/
 *     lock                 shared by writers, exclusive for removal
 *     index.lock           held while index.json is replaced
 *     locks/HEX            held while a layer is made; deleted afterwards
 *     staging/             blobs being written; whatever is here without a writer is garbage
 *   HOME/layers/           0700
 *     HEX/fs  HEX/layer.json      one layer, named by its diff id; never changed
 *     HEX/implied                 directories that its archive does not have, only something in
 *     HEX/owned-*                 what launchers make of it; goes with the layer
 *     staging/                    layers being unpacked or removed
 * </pre>
 */
record Places(Path home) {
  static final String FILES = "fs";
  static final String INDEX = "layer.json";
  static final String IMPLIED = "implied";

  Path store() {
    return home.resolve("store");
  }

  Path layout() {
    return store().resolve("oci-layout");
  }

  Path index() {
    return store().resolve("index.json");
  }

  Path settings() {
    return store().resolve("store.json");
  }

  Path blobs() {
    return store().resolve("blobs");
  }

  Path blob(Digest digest) {
    return blobs().resolve(digest.algorithm()).resolve(digest.hex());
  }

  Path lock() {
    return store().resolve("lock");
  }

  Path indexLock() {
    return store().resolve("index.lock");
  }

  Path locks() {
    return store().resolve("locks");
  }

  Path lock(Digest layer) {
    return locks().resolve(layer.hex());
  }

  Path blobStaging() {
    return store().resolve("staging");
  }

  Path layers() {
    return home.resolve("layers");
  }

  Path layer(Digest diffId) {
    return layers().resolve(diffId.hex());
  }

  Path layerStaging() {
    return layers().resolve("staging");
  }

  /** A name that nobody else has. */
  static String unique() {
    byte[] random = new byte[12];
    ThreadLocalRandom.current().nextBytes(random);
    return ProcessHandle.current().pid() + "-" + HexFormat.of().formatHex(random);
  }
}
