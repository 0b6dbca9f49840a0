package org.lichen.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;

/** A real registry (package docker-registry), with its storage in a directory of the test. */
public final class RealRegistry implements AutoCloseable {
  private final Process process;
  private final int port;
  private final boolean tls;
  private final Optional<Path> authority;
  private final List<String> login;

  private RealRegistry(
      Process process, int port, boolean tls, Optional<Path> authority, List<String> login) {
    this.process = process;
    this.port = port;
    this.tls = tls;
    this.authority = authority;
    this.login = login;
  }

  /** Says how a registry is to be; {@link #start} starts it. */
  public static final class Builder {
    private final Path directory;
    private final StringBuilder auth = new StringBuilder();
    private final List<String> login = new ArrayList<>();
    private Optional<TestCa> ca = Optional.empty();

    private Builder(Path directory) {
      this.directory = directory;
    }

    /** Wants a name and a password. */
    public Builder basic(String user, String password) throws IOException, InterruptedException {
      Path file = directory.resolve("htpasswd");
      Needs.output(Needs.program("htpasswd").toString(), "-Bbc", file.toString(), user, password);
      auth.append("auth:\n  htpasswd:\n    realm: test\n    path: ").append(file).append('\n');
      login.add(user + ":" + password);
      return this;
    }

    /** Wants the tokens of a server; {@code user} and {@code password} are for {@link #push}. */
    public Builder tokens(TokenServer server, String user, String password) {
      auth.append("auth:\n  token:\n    realm: ")
          .append(server.realm())
          .append("\n    service: ")
          .append(TokenServer.SERVICE)
          .append("\n    issuer: ")
          .append(TokenServer.ISSUER)
          .append("\n    rootcertbundle: ")
          .append(server.ca().authority())
          .append('\n');
      login.add(user + ":" + password);
      return this;
    }

    public Builder tls(TestCa of) {
      ca = Optional.of(of);
      return this;
    }

    public RealRegistry start() throws IOException, InterruptedException {
      String program = Needs.program("docker-registry").toString();
      int port = freePort();
      String tls =
          ca.map(
                  c ->
                      "  tls:\n    certificate: %s\n    key: %s\n"
                          .formatted(c.certificate(), c.key()))
              .orElse("");
      Path config = directory.resolve("config-" + port + ".yml");
      Files.writeString(
          config,
          "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: "
              + directory.resolve("storage")
              + "\n  delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:"
              + port
              + "\n"
              + tls
              + auth);
      Process process =
          new ProcessBuilder(program, "serve", config.toString())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("registry-" + port + ".log").toFile())
              .start();
      RealRegistry registry =
          new RealRegistry(
              process, port, ca.isPresent(), ca.map(TestCa::authority), List.copyOf(login));
      registry.awaitReady(directory.resolve("registry-" + port + ".log"));
      return registry;
    }
  }

  public static Builder in(Path directory) throws IOException {
    Files.createDirectories(directory);
    return new Builder(directory);
  }

  /** Its name in image references. */
  public String host() {
    return (tls ? "localhost:" : "127.0.0.1:") + port;
  }

  public URI uri() {
    return URI.create((tls ? "https" : "http") + "://" + host());
  }

  /**
   * Copies an image into it with skopeo; {@code source} and {@code options} as skopeo takes them.
   */
  public void push(String source, String name, String... options)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Needs.program("skopeo").toString(),
                "--insecure-policy",
                "copy",
                "--quiet",
                "--dest-tls-verify=false"));
    login.stream()
        .filter(each -> each.length() > 1)
        .forEach(each -> command.addAll(List.of("--dest-creds", each)));
    command.addAll(List.of(options));
    command.addAll(List.of(source, "docker://" + host() + "/" + name));
    Needs.output(command.toArray(String[]::new));
  }

  /** The authority that signed its certificate, if it has one. */
  public Optional<Path> authority() {
    return authority;
  }

  private void awaitReady(Path log) throws IOException, InterruptedException {
    for (int i = 0; i < 500; i++) {
      if (!process.isAlive()) {
        Assertions.fail("the registry ended: " + Files.readString(log));
      }
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 100);
        return;
      } catch (IOException notYet) {
        Thread.sleep(20);
      }
    }
    Assertions.fail("the registry does not listen: " + Files.readString(log));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException stop) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
