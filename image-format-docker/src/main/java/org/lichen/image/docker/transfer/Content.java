package org.lichen.image.docker.transfer;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import org.lichen.api.ContainerException;
import org.lichen.image.docker.model.Descriptor;

/** Where the content of an image is read from. Thread-safe; nothing that it gives is trusted. */
public interface Content {
  /** The name of the source, for messages. */
  String which();

  /** The word for reading from here: {@code downloading}, {@code reading}. */
  String verb();

  /** The whole of a manifest or an index; its digest is checked by the caller. */
  byte[] manifest(Descriptor descriptor) throws ContainerException;

  /** The whole of a configuration; its digest is checked by the caller. */
  byte[] config(Descriptor descriptor) throws ContainerException;

  /** Opens a layer; the caller closes it, checks its digest and its size. */
  ReadableByteChannel open(Descriptor layer) throws IOException, ContainerException;

  /** Makes every read under way and every later one fail soon. */
  void abort();
}
