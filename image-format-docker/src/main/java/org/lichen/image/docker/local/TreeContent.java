package org.lichen.image.docker.local;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.function.Function;
import org.lichen.api.ContainerException;
import org.lichen.image.docker.model.Descriptor;
import org.lichen.image.docker.model.Origin;
import org.lichen.image.docker.transfer.Content;
import org.lichen.image.docker.transfer.LayerFailure;

/** The content of images in a tree; {@code names} tells which file a descriptor means. */
record TreeContent(Tree tree, String which, Function<Descriptor, String> names) implements Content {
  /** As in every OCI image layout. */
  static String blob(Descriptor descriptor) {
    return "blobs/" + descriptor.digest().algorithm() + "/" + descriptor.digest().hex();
  }

  @Override
  public String verb() {
    return "reading";
  }

  @Override
  public byte[] manifest(Descriptor descriptor) throws ContainerException {
    return tree.document(names.apply(descriptor), new Origin("image", which));
  }

  @Override
  public byte[] config(Descriptor descriptor) throws ContainerException {
    return manifest(descriptor);
  }

  @Override
  public ReadableByteChannel open(Descriptor layer) throws IOException {
    String name = names.apply(layer);
    if (!tree.has(name)) {
      String urls = layer.urls().isEmpty() ? "" : ", its manifest says where to fetch it";
      throw new LayerFailure(
          new Origin("layer " + layer.digest(), which).corrupt("there is no " + name + urls));
    }
    return tree.open(name);
  }

  @Override
  public void abort() {} // reads of files do not block
}
