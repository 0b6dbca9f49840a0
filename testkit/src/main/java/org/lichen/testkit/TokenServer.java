package org.lichen.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Gives out the tokens that a registry checks (Docker Registry v2 authentication, "Token
 * Authentication Specification" and "OAuth2"). It knows one user and one refresh token, or, with an
 * empty user, gives tokens to everybody.
 */
public final class TokenServer implements AutoCloseable {
  public static final String SERVICE = "test-registry";
  public static final String ISSUER = "test-issuer";
  public static final String REFRESH_TOKEN = "refresh-me";

  private final HttpServer server;
  private final TestCa ca;
  private final String user;
  private final String password;
  private final List<String> granted = new CopyOnWriteArrayList<>();

  private TokenServer(HttpServer server, TestCa ca, String user, String password) {
    this.server = server;
    this.ca = ca;
    this.user = user;
    this.password = password;
    server.createContext("/token", this::handle);
    server.start();
  }

  public static TokenServer start(TestCa ca, String user, String password) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    return new TokenServer(server, ca, user, password);
  }

  public String realm() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/token";
  }

  /** The certificate that the registry checks signatures with. */
  TestCa ca() {
    return ca;
  }

  /** The scopes of the tokens given so far, each with {@code GET} or {@code POST} before it. */
  public List<String> granted() {
    return granted;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      boolean post = exchange.getRequestMethod().equals("POST");
      String query =
          post
              ? new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)
              : String.valueOf(exchange.getRequestURI().getRawQuery());
      Map<String, String> asked = decoded(query);
      if (!allowed(exchange, asked, post)) {
        answer(
            exchange,
            401,
            "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"bad password\"}]}");
        return;
      }
      String scope = asked.getOrDefault("scope", "");
      granted.add((post ? "POST " : "GET ") + scope);
      String token = token(scope);
      answer(
          exchange,
          200,
          post
              ? "{\"access_token\":\"" + token + "\",\"expires_in\":60,\"scope\":\"" + scope + "\"}"
              : "{\"token\":\"" + token + "\",\"expires_in\":60}");
    } catch (GeneralSecurityException impossible) {
      throw new IOException(impossible);
    }
  }

  private boolean allowed(HttpExchange exchange, Map<String, String> asked, boolean post) {
    if (user.isEmpty()) {
      return true;
    }
    if (post) {
      return REFRESH_TOKEN.equals(asked.get("refresh_token"))
          && "refresh_token".equals(asked.get("grant_type"));
    }
    String basic =
        Base64.getEncoder()
            .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    return ("Basic " + basic).equals(exchange.getRequestHeaders().getFirst("Authorization"));
  }

  private static Map<String, String> decoded(String query) {
    Map<String, String> map = new TreeMap<>();
    for (String each : query.split("&", -1)) {
      int equals = each.indexOf('=');
      if (equals > 0) {
        map.put(
            each.substring(0, equals),
            URLDecoder.decode(each.substring(equals + 1), StandardCharsets.UTF_8));
      }
    }
    return map;
  }

  private static void answer(HttpExchange exchange, int code, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, body.length);
    exchange.getResponseBody().write(body);
  }

  /** A JSON Web Token (RFC 7519) that allows what the scope asks for. */
  private String token(String scope) throws IOException, GeneralSecurityException {
    long now = Instant.now().getEpochSecond();
    String[] parts = (scope + "::").split(":", -1);
    String certificate = Base64.getEncoder().encodeToString(ca.x509().getEncoded());
    String header = "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"x5c\":[\"" + certificate + "\"]}";
    String claims =
        "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\",\"exp\":%d,\"nbf\":%d,\"iat\":%d,\"jti\":\"%d\","
                .formatted(ISSUER, user, SERVICE, now + 60, now - 10, now, now)
            + "\"access\":[{\"type\":\"%s\",\"name\":\"%s\",\"actions\":[\"pull\",\"push\"]}]}"
                .formatted(parts[0], parts[1]);
    String signed =
        base64(header.getBytes(StandardCharsets.UTF_8))
            + "."
            + base64(claims.getBytes(StandardCharsets.UTF_8));
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(ca.privateKey());
    signature.update(signed.getBytes(StandardCharsets.US_ASCII));
    return signed + "." + base64(joined(signature.sign()));
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** A signature in DER as the two numbers of 32 bytes that JWS wants (RFC 7518, 3.4). */
  private static byte[] joined(byte[] der) {
    byte[] out = new byte[64];
    int at = 2;
    for (int i = 0; i < 2; i++) {
      int length = der[at + 1];
      byte[] number =
          new BigInteger(1, Arrays.copyOfRange(der, at + 2, at + 2 + length)).toByteArray();
      int skip = Math.max(0, number.length - 32);
      System.arraycopy(
          number, skip, out, 32 * (i + 1) - (number.length - skip), number.length - skip);
      at += 2 + length;
    }
    return out;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
