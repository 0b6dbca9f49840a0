package org.lichen.image.docker.registry;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import okhttp3.ConnectionPool;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;

/** The HTTP clients of one request, one for each host, for each may have authorities of its own. */
final class Clients implements AutoCloseable {
  private final Settings settings;
  private final Trust trust;
  private final OkHttpClient base;
  private final Map<String, OkHttpClient> secure = new HashMap<>();

  Clients(Settings settings, Timing timing) throws ContainerException {
    this.settings = settings;
    trust = new Trust(settings);
    Proxies proxies = new Proxies(settings.request().environment());
    base =
        new OkHttpClient.Builder()
            .connectTimeout(timing.connect())
            .readTimeout(timing.silence())
            .followRedirects(false) // it would send credentials along; see Exchange
            .followSslRedirects(false)
            .proxySelector(proxies)
            .proxyAuthenticator(proxies.authenticator())
            .connectionPool(new ConnectionPool(8, 30, TimeUnit.SECONDS))
            .build();
  }

  synchronized OkHttpClient of(HttpUrl url) throws ContainerException {
    if (!url.isHttps()) {
      return base;
    }
    String host = host(url);
    OkHttpClient known = secure.get(host);
    if (known == null) {
      known = settings.insecure(host) ? unverified() : verified(host);
      secure.put(host, known);
    }
    return known;
  }

  /** As people write it, with the port only where it is not that of https. */
  static String host(HttpUrl url) {
    String name = url.host().contains(":") ? "[" + url.host() + "]" : url.host();
    return url.port() == HttpUrl.defaultPort(url.scheme()) ? name : name + ":" + url.port();
  }

  private OkHttpClient verified(String host) throws ContainerException {
    return client(trust.of(host)).build();
  }

  private OkHttpClient unverified() throws ContainerException {
    return client(new Anyone()).hostnameVerifier((name, session) -> true).build();
  }

  private OkHttpClient.Builder client(X509TrustManager manager) throws ContainerException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {manager}, new SecureRandom());
      return base.newBuilder().sslSocketFactory(context.getSocketFactory(), manager);
    } catch (GeneralSecurityException failed) {
      throw new ContainerException(
          Kind.HOST, "cannot speak TLS: " + failed.getMessage(), "", failed);
    }
  }

  @Override
  public void close() {
    base.connectionPool().evictAll();
  }

  /** Believes every server: only for hosts that the user calls insecure. */
  private static final class Anyone implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
