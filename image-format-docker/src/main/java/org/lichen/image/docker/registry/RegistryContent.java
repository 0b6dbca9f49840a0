package org.lichen.image.docker.registry;

import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.image.ImageReference;
import org.lichen.image.docker.model.Descriptor;
import org.lichen.image.docker.model.Document;
import org.lichen.image.docker.model.MediaTypes;
import org.lichen.image.docker.model.Origin;
import org.lichen.image.docker.model.Text;
import org.lichen.image.docker.transfer.Content;

/** The content of one repository: from its mirrors, and, where they fail, from its registry. */
final class RegistryContent implements Content {
  private final Session session;
  private final ImageReference reference;
  private final List<Endpoint> endpoints = new ArrayList<>();

  RegistryContent(Session session, ImageReference reference) throws ContainerException {
    this.session = session;
    this.reference = reference;
    for (String mirror : session.settings().mirrors(reference.host())) {
      int slash = mirror.indexOf('/');
      String host = slash < 0 ? mirror : mirror.substring(0, slash);
      String prefix = slash < 0 ? "" : mirror.substring(slash + 1).replaceAll("/+$", "") + "/";
      endpoints.add(new Endpoint(session, host, prefix + reference.repository()));
    }
    endpoints.add(new Endpoint(session, reference.host(), reference.repository()));
  }

  @Override
  public String which() {
    return reference.toString();
  }

  @Override
  public String verb() {
    return "downloading";
  }

  /** What the reference leads to, verified. */
  Document root() throws ContainerException {
    String name = reference.digest().map(Digest::toString).or(reference::tag).orElse("latest");
    Origin origin = new Origin("manifest", which());
    Endpoint.Fetched fetched =
        first(at -> at.document("manifests/" + name, MediaTypes.ACCEPT, which()));
    String announced = fetched.digest().map(Text::clean).orElse("");
    for (String wanted :
        List.of(reference.digest().map(Digest::toString).orElse(announced), announced)) {
      verify(fetched.bytes(), wanted, origin);
    }
    return Document.parse(fetched.bytes(), MediaTypes.of(fetched.mediaType()), origin);
  }

  private static void verify(byte[] bytes, String wanted, Origin origin) throws ContainerException {
    if (wanted.isEmpty()) {
      return;
    }
    try {
      Digest digest = Digest.parse(wanted);
      byte[] hash = Digest.hasher(digest.algorithm()).digest(bytes);
      Digest actual = Digest.of(digest.algorithm(), hash);
      if (!actual.equals(digest)) {
        throw origin.corrupt("its content has the digest " + actual + ", not " + digest);
      }
    } catch (IllegalArgumentException odd) {
      throw origin.corrupt("the registry gives it a digest that is none: " + wanted);
    }
  }

  @Override
  public byte[] manifest(Descriptor descriptor) throws ContainerException {
    return first(at -> at.document("manifests/" + descriptor.digest(), MediaTypes.ACCEPT, which()))
        .bytes();
  }

  @Override
  public byte[] config(Descriptor descriptor) throws ContainerException {
    return first(at -> at.document("blobs/" + descriptor.digest(), "*/*", which())).bytes();
  }

  @Override
  public ReadableByteChannel open(Descriptor layer) throws ContainerException {
    for (String url : layer.urls()) {
      Optional<ReadableByteChannel> foreign = foreign(layer, url);
      if (foreign.isPresent()) {
        return foreign.get();
      }
    }
    String what = which() + ", layer " + layer.digest().brief();
    return first(
        at ->
            new ResumingBlob(
                session,
                at.host(),
                layer,
                from -> at.get("blobs/" + layer.digest(), "*/*", from, what)));
  }

  /**
   * A layer that registries may not hand out says where it is (OCI image-spec, "Non-Distributable
   * Layers"). That place gets no credentials, and where it fails the registry is asked after all.
   */
  private Optional<ReadableByteChannel> foreign(Descriptor layer, String text)
      throws ContainerException {
    HttpUrl url = HttpUrl.parse(text);
    if (url == null || !(url.isHttps() || session.settings().insecure(Clients.host(url)))) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new ResumingBlob(session, Clients.host(url), layer, from -> plain(url, from, layer)));
    } catch (ContainerException failed) {
      session.retry().check();
      return Optional.empty();
    }
  }

  private Answer plain(HttpUrl url, long from, Descriptor layer) throws ContainerException {
    Headers.Builder headers = new Headers.Builder().add("Accept-Encoding", "identity");
    if (from > 0) {
      headers.add("Range", "bytes=" + from + "-");
    }
    Answer answer =
        session
            .retry()
            .run(
                Clients.host(url),
                () -> session.exchange().get(url, headers.build(), Optional.empty()));
    if (answer.success()) {
      return answer;
    }
    try (answer) {
      throw Failures.status(
          answer, "layer " + layer.digest().brief(), Clients.host(url), Optional.empty());
    }
  }

  /** Something asked of a registry. */
  private interface Query<T> {
    T ask(Endpoint at) throws ContainerException;
  }

  private <T> T first(Query<T> query) throws ContainerException {
    for (Endpoint mirror : endpoints.subList(0, endpoints.size() - 1)) {
      try {
        return query.ask(mirror);
      } catch (ContainerException failed) {
        session.retry().check(); // a mirror that fails is no failure
      }
    }
    return query.ask(endpoints.get(endpoints.size() - 1));
  }

  @Override
  public void abort() {
    session.exchange().abort();
  }
}
