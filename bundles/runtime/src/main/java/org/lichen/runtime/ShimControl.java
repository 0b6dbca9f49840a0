package org.lichen.runtime;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalInt;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.container.ContainerId;
import org.lichen.api.plan.HostCalls;
import org.lichen.api.plan.Records;
import org.lichen.api.runtime.Control;

/** Talks to a shim (docs/FORMATS.md, 5); one connection for each call. */
final class ShimControl implements Control {
  private static final int HEAD = 5;
  private static final int LARGEST = 1 << 20;

  private final ContainerId id;
  private final Path directory;

  ShimControl(ContainerId id, Path directory) {
    this.id = id;
    this.directory = directory;
  }

  @Override
  public void signal(int number) throws ContainerException {
    byte[] payload = ByteBuffer.allocate(4).putInt(number).array();
    ask('K', payload, "cannot signal container " + id.brief());
  }

  private void ask(char type, byte[] payload, String failure) throws ContainerException {
    try (SocketChannel shim = connect()) {
      send(shim, type, payload);
      Frame answer = receive(shim, Duration.ofSeconds(10));
      if (answer.type == 'f') {
        String why =
            new String(answer.payload, 8, answer.payload.length - 8, StandardCharsets.UTF_8);
        throw new ContainerException(Kind.HOST, failure + ": " + why, "");
      }
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  @Override
  public void hostCalls(HostCalls calls) throws ContainerException {
    Records.Builder out = Records.builder();
    calls.encode(out);
    ask('P', out.encoded(), "cannot change what container " + id.brief() + " calls of the host");
  }

  @Override
  public OptionalInt await(Duration limit) throws ContainerException {
    try (SocketChannel shim = connect()) {
      send(shim, 'Z', new byte[0]);
      Frame answer = receive(shim, limit);
      return answer.type == 'x'
          ? OptionalInt.of(ByteBuffer.wrap(answer.payload).getInt())
          : OptionalInt.empty();
    } catch (Late stillRunning) {
      return OptionalInt.empty();
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private SocketChannel connect() throws IOException {
    // The link is followed here: the path through the container directory is too long for a socket.
    Path socket = Files.readSymbolicLink(directory.resolve("run")).resolve("s");
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.configureBlocking(false);
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private ContainerException unreachable(IOException e) {
    return new ContainerException(
        Kind.HOST,
        "the shim of container " + id.brief() + " does not answer: " + e.getMessage(),
        "",
        e);
  }

  private static void send(SocketChannel shim, char type, byte[] payload) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(HEAD + payload.length);
    frame.put((byte) type).putInt(payload.length).put(payload).flip();
    while (frame.hasRemaining()) {
      shim.write(frame); // a few bytes: the socket's buffer holds them
    }
  }

  private static Frame receive(SocketChannel shim, Duration limit) throws IOException {
    long deadline = System.nanoTime() + limit.toNanos();
    try (Selector selector = Selector.open()) {
      shim.register(selector, SelectionKey.OP_READ);
      ByteBuffer head = fill(shim, selector, ByteBuffer.allocate(HEAD), deadline);
      char type = (char) head.get();
      int length = head.getInt();
      if (length < 0 || length > LARGEST) {
        throw new IOException("frame '" + type + "' of " + length + " bytes");
      }
      return new Frame(type, fill(shim, selector, ByteBuffer.allocate(length), deadline).array());
    }
  }

  private static ByteBuffer fill(
      SocketChannel shim, Selector selector, ByteBuffer into, long deadline) throws IOException {
    while (into.hasRemaining()) {
      int read = shim.read(into);
      if (read < 0) {
        throw new IOException("it closed the connection");
      }
      if (read == 0) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new Late();
        }
        selector.select(Math.max(1, left / 1_000_000));
        selector.selectedKeys().clear();
      }
    }
    return into.flip();
  }

  private record Frame(char type, byte[] payload) {}

  /** No answer within the limit. */
  private static final class Late extends IOException {
    private static final long serialVersionUID = 1;

    Late() {
      super("no answer in time");
    }
  }
}
