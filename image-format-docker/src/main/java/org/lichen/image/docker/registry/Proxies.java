package org.lichen.image.docker.registry;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import okhttp3.Authenticator;
import okhttp3.HttpUrl;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;

/**
 * The proxies of a caller's environment: {@code http_proxy}, {@code https_proxy}, {@code
 * all_proxy}, {@code no_proxy}, in small or capital letters. This machine is never reached through
 * one.
 */
final class Proxies extends ProxySelector {
  private final Map<String, Proxy> byScheme = new HashMap<>();
  private final Map<String, Credentials> credentials = new HashMap<>();
  private final NoProxy exceptions;

  Proxies(Map<String, String> environment) throws ContainerException {
    exceptions = new NoProxy(variable(environment, "no_proxy"));
    for (String scheme : List.of("http", "https")) {
      String own = variable(environment, scheme + "_proxy");
      String set = own.isEmpty() ? variable(environment, "all_proxy") : own;
      if (!set.isEmpty()) {
        byScheme.put(scheme, proxy(set));
      }
    }
  }

  private Proxy proxy(String text) throws ContainerException {
    boolean socks = text.matches("socks[45][ah]?://.*");
    String http =
        text.contains("://") ? text.replaceFirst("^socks[45][ah]?:", "http:") : "http://" + text;
    HttpUrl address = HttpUrl.parse(http);
    if (address == null || address.isHttps()) {
      throw new ContainerException(
          Kind.USAGE,
          "cannot use proxy ("
              + text.replaceFirst("//.*@", "//")
              + "): it is not http:// or socks5://",
          "the environment variables are http_proxy, https_proxy, all_proxy, no_proxy");
    }
    if (!address.username().isEmpty()) {
      credentials.put(
          key(address.host(), address.port()),
          new Credentials(address.username(), address.password(), ""));
    }
    return new Proxy(
        socks ? Proxy.Type.SOCKS : Proxy.Type.HTTP,
        InetSocketAddress.createUnresolved(address.host(), address.port()));
  }

  @Override
  public List<Proxy> select(URI uri) {
    String host = Optional.ofNullable(uri.getHost()).orElse("");
    boolean direct = Settings.local(host) || exceptions.match(host, uri.getPort());
    return List.of(
        direct ? Proxy.NO_PROXY : byScheme.getOrDefault(uri.getScheme(), Proxy.NO_PROXY));
  }

  /** Shows a proxy the credentials of its own address, once. */
  Authenticator authenticator() {
    return (route, response) -> {
      boolean shown = response.request().header("Proxy-Authorization") != null;
      if (shown || route == null || !(route.proxy().address() instanceof InetSocketAddress at)) {
        return null;
      }
      Credentials known = credentials.get(key(at.getHostString(), at.getPort()));
      return known == null
          ? null
          : response.request().newBuilder().header("Proxy-Authorization", known.basic()).build();
    };
  }

  private static String key(String host, int port) {
    return host + ":" + port;
  }

  private static String variable(Map<String, String> environment, String name) {
    String small = environment.getOrDefault(name, "");
    return small.isEmpty()
        ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "").strip()
        : small.strip();
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {}
}
