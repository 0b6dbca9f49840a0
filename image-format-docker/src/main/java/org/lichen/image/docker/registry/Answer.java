package org.lichen.image.docker.registry;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import okhttp3.HttpUrl;
import okhttp3.Response;
import org.lichen.image.docker.model.Json;

/** An answer whose body is still to be read; closing it gives the connection back. */
record Answer(Response response, Runnable closed) implements AutoCloseable {
  int code() {
    return response.code();
  }

  boolean success() {
    return code() == 200 || code() == 206;
  }

  HttpUrl url() {
    return response.request().url();
  }

  Optional<String> header(String name) {
    return Optional.ofNullable(response.header(name));
  }

  InputStream body() {
    return response.body().byteStream();
  }

  /** The whole body, or one byte more than a document may have. */
  byte[] document() throws IOException {
    try (InputStream in = body()) {
      return in.readNBytes(Json.LIMIT + 1);
    }
  }

  @Override
  public void close() {
    closed.run();
    response.close();
  }
}
