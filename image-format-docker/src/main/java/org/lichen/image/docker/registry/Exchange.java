package org.lichen.image.docker.registry;

import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import okhttp3.Call;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;

/**
 * Sends requests and follows redirects. Credentials go to the host that they are meant for and,
 * once a redirect has left it, nowhere. Thread-safe; {@link #abort} ends everything under way.
 */
final class Exchange {
  private static final int MOST_REDIRECTS = 10;

  private final Clients clients;
  private final Set<Call> running = ConcurrentHashMap.newKeySet();
  private final CountDownLatch aborted = new CountDownLatch(1);

  Exchange(Clients clients) {
    this.clients = clients;
  }

  /** Open from the moment of {@link #abort}. */
  CountDownLatch aborted() {
    return aborted;
  }

  boolean isAborted() {
    return aborted.getCount() == 0;
  }

  void abort() {
    aborted.countDown();
    running.forEach(Call::cancel);
  }

  Answer get(HttpUrl url, Headers headers, Optional<String> authorization)
      throws IOException, ContainerException {
    HttpUrl at = url;
    boolean home = true;
    for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
      Request.Builder request = new Request.Builder().url(at).headers(headers);
      home &= sameOrigin(at, url);
      if (home) {
        authorization.ifPresent(value -> request.header("Authorization", value));
      }
      Answer answer = send(request.build());
      if (!redirect(answer.code())) {
        return answer;
      }
      try (answer) {
        at = target(answer);
      }
    }
    throw refused(url, "it redirects more than " + MOST_REDIRECTS + " times");
  }

  Answer post(HttpUrl url, RequestBody body) throws IOException, ContainerException {
    return send(new Request.Builder().url(url).post(body).build());
  }

  private Answer send(Request request) throws IOException, ContainerException {
    Call call =
        clients
            .of(request.url())
            .newCall(request.newBuilder().header("User-Agent", "lichen").build());
    running.add(call);
    if (isAborted()) {
      call.cancel(); // abort() may have looked before this one was there
    }
    try {
      Response response = call.execute();
      return new Answer(response, () -> running.remove(call));
    } catch (IOException | RuntimeException failed) {
      running.remove(call);
      throw failed;
    }
  }

  private static HttpUrl target(Answer answer) throws ContainerException {
    HttpUrl from = answer.url();
    HttpUrl to = answer.header("Location").map(from::resolve).orElse(null);
    if (to == null) {
      throw refused(from, "it redirects to an address that is not understood");
    }
    if (from.isHttps() && !to.isHttps()) {
      throw refused(from, "it redirects from https to http (" + to.host() + ")");
    }
    return to;
  }

  private static boolean sameOrigin(HttpUrl one, HttpUrl other) {
    return one.scheme().equals(other.scheme())
        && one.host().equals(other.host())
        && one.port() == other.port();
  }

  private static boolean redirect(int code) {
    return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
  }

  private static ContainerException refused(HttpUrl url, String why) {
    return new ContainerException(
        Kind.HOST, "cannot fetch from registry (" + Clients.host(url) + "): " + why, "");
  }
}
