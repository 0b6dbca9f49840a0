package org.lichen.image.docker.local;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import org.lichen.api.ContainerException;
import org.lichen.image.docker.model.Json;
import org.lichen.image.docker.model.Origin;

/** Files by relative name, in a directory or in a tar. Thread-safe. */
interface Tree extends AutoCloseable {
  boolean has(String name);

  long size(String name) throws IOException;

  /** Opens a file; the caller closes it. */
  ReadableByteChannel open(String name) throws IOException;

  @Override
  void close() throws IOException;

  /** A whole document. */
  default byte[] document(String name, Origin origin) throws ContainerException {
    if (!has(name)) {
      throw origin.corrupt("there is no " + name);
    }
    try (InputStream in = Channels.newInputStream(open(name))) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      bytes.writeBytes(in.readNBytes(Json.LIMIT + 1));
      if (bytes.size() > Json.LIMIT) {
        throw origin.corrupt(name + " is larger than " + Json.LIMIT + " bytes");
      }
      return bytes.toByteArray();
    } catch (IOException failed) {
      throw new ContainerException(
          ContainerException.Kind.HOST,
          "cannot read " + origin.what() + " (" + origin.which() + "): " + failed.getMessage(),
          "",
          failed);
    }
  }
}
