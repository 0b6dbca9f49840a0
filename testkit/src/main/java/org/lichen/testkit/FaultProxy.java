package org.lichen.testkit;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/**
 * An HTTP server that hands everything to another one and does harm on the way. Faults are tried in
 * the order in which they were added; the first whose path matches and that is not used up happens.
 */
public final class FaultProxy implements AutoCloseable {
  private static final Set<String> HOP_BY_HOP =
      Set.of("connection", "host", "content-length", "transfer-encoding", "date");

  private final HttpServer server;
  private final URI upstream;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Rule> rules = new CopyOnWriteArrayList<>();
  private final List<Seen> seen = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  /** A request as it came: path with query, and headers. */
  public record Seen(String method, String path, Map<String, List<String>> headers) {
    /** The first value of a header, or the empty string. */
    public String header(String name) {
      return headers.entrySet().stream()
          .filter(each -> each.getKey().equalsIgnoreCase(name))
          .map(each -> each.getValue().get(0))
          .findFirst()
          .orElse("");
    }
  }

  /** What is done to one exchange. */
  public sealed interface Fault {
    /** The connection is cut after so many bytes of the body, whose whole length was promised. */
    record Cut(long after) implements Fault {}

    /** The body ends after so many bytes, and its length says so: a truncated file. */
    record Truncate(long after) implements Fault {}

    /** The byte at an offset is another one. */
    record Corrupt(long at) implements Fault {}

    /** A pause before every 16 KiB. */
    record Slow(long millis) implements Fault {}

    /** Nothing comes after so many bytes, but the connection stays. */
    record Hang(long after) implements Fault {}

    /** Another answer altogether. */
    record Status(int code, Map<String, String> headers, String body) implements Fault {}

    /** Ranges are not known. */
    record NoRanges() implements Fault {}

    /** The header of the answer is another one. */
    record Header(String name, String value) implements Fault {}
  }

  private static final class Rule {
    final Pattern path;
    final Fault fault;
    int left;

    Rule(Pattern path, Fault fault, int times) {
      this.path = path;
      this.fault = fault;
      this.left = times;
    }

    synchronized boolean applies(String to) {
      return path.matcher(to).find() && left > 0 && left-- > 0;
    }
  }

  private FaultProxy(HttpServer server, URI upstream) {
    this.server = server;
    this.upstream = upstream;
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** Before {@code http://…}, on a port of its own. */
  public static FaultProxy before(URI upstream) throws IOException {
    return new FaultProxy(HttpServer.create(anyPort(), 0), upstream);
  }

  /** The same, speaking TLS. */
  public static FaultProxy before(URI upstream, SSLContext tls) throws IOException {
    HttpsServer server = HttpsServer.create(anyPort(), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    return new FaultProxy(server, upstream);
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** {@code HOST:PORT} of the proxy. */
  public String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  /** Makes a fault happen to the next {@code times} requests whose path matches. */
  public FaultProxy fault(String pathRegex, int times, Fault fault) {
    rules.add(new Rule(Pattern.compile(pathRegex), fault, times));
    return this;
  }

  /** Every request so far. */
  public List<Seen> seen() {
    return seen;
  }

  /** The requests whose path matches. */
  public List<Seen> seen(String pathRegex) {
    Pattern pattern = Pattern.compile(pathRegex);
    return seen.stream().filter(each -> pattern.matcher(each.path()).find()).toList();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().toString();
    seen.add(new Seen(exchange.getRequestMethod(), path, Map.copyOf(exchange.getRequestHeaders())));
    List<Fault> faults =
        rules.stream().filter(rule -> rule.applies(path)).map(rule -> rule.fault).toList();
    try (exchange) {
      for (Fault fault : faults) {
        if (fault instanceof Fault.Status status) {
          answer(exchange, status);
          return;
        }
      }
      pass(exchange, path, faults);
    }
  }

  private static void answer(HttpExchange exchange, Fault.Status status) throws IOException {
    byte[] body = status.body().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    status.headers().forEach(exchange.getResponseHeaders()::set);
    exchange.sendResponseHeaders(status.code(), body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  private void pass(HttpExchange exchange, String path, List<Fault> faults) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) target(path).openConnection();
    connection.setInstanceFollowRedirects(false);
    connection.setRequestMethod(exchange.getRequestMethod());
    boolean noRanges = faults.stream().anyMatch(Fault.NoRanges.class::isInstance);
    for (Map.Entry<String, List<String>> each : exchange.getRequestHeaders().entrySet()) {
      boolean range = each.getKey().equalsIgnoreCase("range") && noRanges;
      if (!range && !HOP_BY_HOP.contains(each.getKey().toLowerCase(java.util.Locale.ROOT))) {
        connection.setRequestProperty(each.getKey(), String.join(", ", each.getValue()));
      }
    }
    if (exchange.getRequestMethod().equals("POST")) {
      connection.setDoOutput(true);
      exchange.getRequestBody().transferTo(connection.getOutputStream());
    }
    int code = connection.getResponseCode();
    byte[] body;
    try (InputStream in = code < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      body = in == null ? new byte[0] : in.readAllBytes();
    }
    Headers headers = exchange.getResponseHeaders();
    connection
        .getHeaderFields()
        .forEach(
            (name, values) -> {
              if (name != null && !HOP_BY_HOP.contains(name.toLowerCase(java.util.Locale.ROOT))) {
                headers.put(name, values);
              }
            });
    send(exchange, code, body, faults);
  }

  /** Where a path is; of a request to a proxy it is a whole address. */
  private URL target(String path) throws IOException {
    return upstream.resolve(path.replaceFirst("^http://[^/]*", "")).toURL();
  }

  private void send(HttpExchange exchange, int code, byte[] original, List<Fault> faults)
      throws IOException {
    byte[] body = original;
    long stop = Long.MAX_VALUE;
    long pause = 0;
    boolean hang = false;
    for (Fault fault : faults) {
      if (fault instanceof Fault.Truncate truncate) {
        body = java.util.Arrays.copyOf(body, (int) Math.min(body.length, truncate.after()));
      } else if (fault instanceof Fault.Corrupt corrupt && corrupt.at() < body.length) {
        body[(int) corrupt.at()] ^= 1;
      } else if (fault instanceof Fault.Cut cut) {
        stop = cut.after();
      } else if (fault instanceof Fault.Hang silent) {
        stop = silent.after();
        hang = true;
      } else if (fault instanceof Fault.Slow slow) {
        pause = slow.millis();
      } else if (fault instanceof Fault.Header header) {
        exchange.getResponseHeaders().set(header.name(), header.value());
      }
    }
    exchange.sendResponseHeaders(code, body.length == 0 ? -1 : body.length);
    OutputStream out = exchange.getResponseBody();
    for (int at = 0; at < body.length && at < stop; at += 1 << 14) {
      sleep(pause);
      out.write(body, at, (int) Math.min(Math.min(1 << 14, body.length - at), stop - at));
    }
    out.flush();
    while (hang && !closed) {
      sleep(20);
    }
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException stop) {
      throw new UncheckedIOException(new IOException(stop));
    }
  }

  @Override
  public void close() {
    closed = true;
    server.stop(0);
    threads.shutdownNow();
  }
}
