package org.lichen.image.docker.registry;

import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import okhttp3.Challenge;
import okhttp3.FormBody;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.image.docker.model.Json;
import org.lichen.image.docker.model.Origin;
import org.lichen.image.docker.model.Text;

/**
 * What one registry is shown for one repository. It is asked without anything first; what it wants
 * it says in a challenge (RFC 7235; Docker's token authentication). Thread-safe.
 */
final class Authorization {
  private final Session session;
  private final String host;
  private final String repository;
  private Optional<String> header = Optional.empty();
  private Optional<Credentials> user = Optional.empty();

  Authorization(Session session, String host, String repository) {
    this.session = session;
    this.host = host;
    this.repository = repository;
  }

  synchronized Optional<String> header() {
    return header;
  }

  /** Who was shown, if anybody. */
  synchronized Optional<Credentials> user() {
    return user;
  }

  /**
   * Gets what a 401 asks for. {@code used} is what the request had: another thread may have renewed
   * it meanwhile.
   *
   * @return whether there is something new to try
   */
  synchronized boolean renew(Answer refused, Optional<String> used) throws ContainerException {
    if (!header.equals(used)) {
      return true;
    }
    user = session.credentials().find(host, repository);
    for (Challenge each : refused.response().challenges()) {
      if (each.scheme().equalsIgnoreCase("Bearer")) {
        header = Optional.of("Bearer " + token(each.authParams(), refused.url()));
        return true;
      }
    }
    for (Challenge each : refused.response().challenges()) {
      if (each.scheme().equalsIgnoreCase("Basic") && user.isPresent() && used.isEmpty()) {
        header = Optional.of(user.get().basic());
        return true;
      }
    }
    return false;
  }

  private String token(Map<String, String> challenge, HttpUrl from) throws ContainerException {
    String text = challenge.getOrDefault("realm", "");
    HttpUrl realm = HttpUrl.parse(text);
    Origin origin = new Origin("challenge of registry", host);
    if (realm == null) {
      throw origin.corrupt("its realm is not an address: " + Text.clean(text));
    }
    if (from.isHttps() && !realm.isHttps()) {
      throw origin.corrupt("its tokens come over http, which would show them to everybody");
    }
    String service = challenge.getOrDefault("service", "");
    String scope = challenge.getOrDefault("scope", "repository:" + repository + ":pull");
    try (Answer answer =
        session
            .retry()
            .run(
                Clients.host(realm),
                () ->
                    user.filter(u -> !u.identityToken().isEmpty()).isPresent()
                        ? refresh(realm, service, scope)
                        : ask(realm, service, scope))) {
      if (!answer.success()) {
        throw Failures.status(answer, host + "/" + repository, host, user);
      }
      return token(answer, new Origin("token", Clients.host(realm)));
    } catch (IOException failed) {
      throw Failures.network(Clients.host(realm), failed);
    }
  }

  private Answer ask(HttpUrl realm, String service, String scope)
      throws IOException, ContainerException {
    HttpUrl.Builder url = realm.newBuilder().addQueryParameter("scope", scope);
    if (!service.isEmpty()) {
      url.addQueryParameter("service", service);
    }
    return session
        .exchange()
        .get(url.build(), new Headers.Builder().build(), user.map(Credentials::basic));
  }

  private Answer refresh(HttpUrl realm, String service, String scope)
      throws IOException, ContainerException {
    return session
        .exchange()
        .post(
            realm,
            new FormBody.Builder()
                .add("grant_type", "refresh_token")
                .add("service", service)
                .add("scope", scope)
                .add("client_id", "lichen")
                .add("refresh_token", user.map(Credentials::identityToken).orElse(""))
                .build());
  }

  private static String token(Answer answer, Origin origin) throws IOException, ContainerException {
    Json json = Json.parse(answer.document(), origin).requireObject();
    String token = json.get("token").textOrEmpty();
    String value = token.isEmpty() ? json.get("access_token").text() : token;
    if (value.isEmpty() || !value.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw new ContainerException(
          Kind.CORRUPT,
          "cannot read token (" + origin.which().toLowerCase(Locale.ROOT) + "): it is not a token",
          "");
    }
    return value;
  }
}
