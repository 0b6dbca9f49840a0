package org.lichen.image.docker.registry;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.image.ImageReference;
import org.lichen.image.docker.model.Json;
import org.lichen.image.docker.model.Origin;

/**
 * One repository at one registry. Whether it speaks TLS is found by the first request, where the
 * user allows it not to. Thread-safe.
 */
final class Endpoint {
  /** Of Docker's registry, whose name is not that of its server. */
  private static final String DOCKER_SERVER = "registry-1.docker.io";

  private final Session session;
  private final String host;
  private final String repository;
  private final Authorization authorization;
  private final List<HttpUrl> candidates;
  private volatile Optional<HttpUrl> found = Optional.empty();

  Endpoint(Session session, String host, String repository) throws ContainerException {
    this.session = session;
    this.host = host;
    this.repository = repository;
    authorization = new Authorization(session, host, repository);
    candidates = candidates(session.settings(), host);
  }

  private static List<HttpUrl> candidates(Settings settings, String host)
      throws ContainerException {
    String server = host.equals(ImageReference.DEFAULT_HOST) ? DOCKER_SERVER : host;
    List<HttpUrl> urls = new ArrayList<>();
    // On this machine http is the rule, and a server that waits for more of it would hold up TLS.
    for (String scheme :
        Settings.local(host) ? List.of("http", "https") : List.of("https", "http")) {
      boolean allowed =
          scheme.equals("https")
              ? !settings.plainHttp()
              : settings.plainHttp() || settings.insecure(host) || Settings.local(host);
      HttpUrl url = HttpUrl.parse(scheme + "://" + server + "/");
      if (url == null) {
        throw new ContainerException(
            Kind.USAGE, "cannot reach registry (" + host + "): it is not a host name", "");
      }
      if (allowed) {
        urls.add(url);
      }
    }
    return urls;
  }

  String host() {
    return host;
  }

  /** A manifest or a configuration, whole, with what its answer says about it. */
  Fetched document(String path, String accept, String what) throws ContainerException {
    for (int made = 1; ; made++) {
      try (Answer answer = get(path, accept, 0, what)) {
        byte[] bytes = answer.document();
        if (bytes.length > Json.LIMIT) {
          throw new Origin("answer of registry", what)
              .corrupt("it is larger than " + Json.LIMIT + " bytes");
        }
        return new Fetched(
            bytes,
            answer.header("Content-Type").orElse(""),
            answer.header("Docker-Content-Digest"));
      } catch (IOException failed) {
        session.retry().check();
        if (made == Retry.ATTEMPTS || !Failures.passing(failed)) {
          throw Failures.network(host, failed);
        }
        session.retry().pause(made, Optional.empty());
      }
    }
  }

  /** A successful answer, from byte {@code from} on if the server can; the caller closes it. */
  Answer get(String path, String accept, long from, String what) throws ContainerException {
    Headers.Builder headers =
        new Headers.Builder()
            .add("Accept", accept)
            .add("Accept-Encoding", "identity"); // digests and ranges are of the bytes as they are
    if (from > 0) {
      headers.add("Range", "bytes=" + from + "-");
    }
    for (int renewed = 0; ; renewed++) {
      Optional<String> used = authorization.header();
      Answer answer = session.retry().run(host, () -> send(path, headers.build(), used));
      if (answer.success()) {
        return answer;
      }
      try (answer) {
        if (answer.code() != 401 || renewed == 2 || !authorization.renew(answer, used)) {
          throw Failures.status(answer, what, host, authorization.user());
        }
      }
    }
  }

  private Answer send(String path, Headers headers, Optional<String> authorized)
      throws IOException, ContainerException {
    if (found.isPresent()) {
      return session.exchange().get(url(found.get(), path), headers, authorized);
    }
    Optional<IOException> first = Optional.empty();
    for (HttpUrl base : candidates) {
      boolean last = base.equals(candidates.get(candidates.size() - 1));
      try {
        Answer answer = session.exchange().get(url(base, path), headers, authorized);
        if (last || answer.code() != 400) { // 400 is what a server of TLS says to http
          found = Optional.of(base);
          return answer;
        }
        answer.close();
      } catch (IOException failed) {
        if (Failures.untrusted(failed) || session.exchange().isAborted()) {
          throw failed;
        }
        first = Optional.of(first.orElse(failed));
      }
    }
    throw first.orElseThrow();
  }

  private HttpUrl url(HttpUrl base, String path) {
    return base.newBuilder()
        .addPathSegment("v2")
        .addPathSegments(repository)
        .addPathSegments(path)
        .build();
  }

  /** A document and what the answer says of it: media type and digest. */
  @SuppressWarnings("ArrayRecordComponent")
  record Fetched(byte[] bytes, String mediaType, Optional<String> digest) {}
}
