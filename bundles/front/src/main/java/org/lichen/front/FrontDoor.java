package org.lichen.front;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.lichen.api.ConfigurationSource;
import org.lichen.api.command.Dispatcher;
import org.lichen.api.runtime.ContainerRuntime;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Listens on the runtime's socket once the whole framework has started. The directory of the socket
 * is 0700 and a peer of another user is refused besides.
 */
@Component(
    service = {},
    immediate = true)
public final class FrontDoor implements FrameworkListener {
  private final BundleContext framework;
  private final Path socket;
  private final Conversation.Services services;
  private final Idleness idleness;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "conversation");
            thread.setDaemon(true);
            return thread;
          });
  private volatile ServerSocketChannel server;

  @Activate
  public FrontDoor(
      BundleContext framework,
      @Reference Dispatcher dispatcher,
      @Reference ContainerRuntime runtime,
      @Reference ConfigurationSource configuration)
      throws IOException {
    this.framework = framework;
    this.socket = Path.of(framework.getProperty("lichen.socket"));
    this.services = new Conversation.Services(dispatcher, runtime, configuration);
    boolean once = Boolean.parseBoolean(framework.getProperty("lichen.foreground"));
    this.idleness = new Idleness(once, this::leave);
    this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    framework.addFrameworkListener(this);
  }

  @Override
  public void frameworkEvent(FrameworkEvent event) {
    if (event.getType() == FrameworkEvent.STARTED) {
      framework.removeFrameworkListener(this);
      try {
        listen();
      } catch (IOException e) {
        System.err.println("lichen: cannot listen on " + socket + ": " + e.getMessage());
        leave();
      }
    }
  }

  private void listen() throws IOException {
    Files.deleteIfExists(socket); // of a runtime that was killed: the client holds the start lock
    server.bind(UnixDomainSocketAddress.of(socket));
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    Thread acceptor = new Thread(this::accept, "front door");
    acceptor.setDaemon(true);
    acceptor.start();
    idleness.start();
    Siblings.dismiss(socket);
    tellStarter();
  }

  /**
   * Descriptor 3 is a pipe only where a client started this process. Otherwise it is whatever the
   * JVM opened first: its own image of modules, which a write as its owner would destroy.
   */
  private static void tellStarter() throws IOException {
    Path starter = Path.of("/proc/self/fd/3");
    if (Files.isSymbolicLink(starter)
        && Files.readSymbolicLink(starter).toString().startsWith("pipe:")) {
      Files.write(starter, "ready\n".getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
    }
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        SocketChannel peer = server.accept();
        if (Peer.isOurs(peer, socket)) {
          threads.execute(() -> new Conversation(peer, services, idleness).run());
        } else {
          peer.close();
        }
      } catch (IOException e) {
        if (server.isOpen()) {
          System.err.println("lichen: cannot accept: " + e.getMessage());
        }
      }
    }
  }

  private void leave() {
    try {
      Files.deleteIfExists(socket); // first: who comes from now on starts another
      framework.getBundle(0).stop();
    } catch (IOException | BundleException e) {
      System.err.println("lichen: cannot leave: " + e.getMessage());
    }
  }

  @Deactivate
  public void close() throws IOException {
    idleness.close();
    server.close();
    Files.deleteIfExists(socket);
    threads.shutdownNow();
  }
}
