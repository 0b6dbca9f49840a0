package org.lichen.front;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Runtimes of other builds for the same key: they are asked to leave when they are idle. */
final class Siblings {
  private Siblings() {}

  static void dismiss(Path own) {
    String name = own.getFileName().toString();
    int dash = name.indexOf('-');
    if (dash < 0) {
      return;
    }
    String key = name.substring(0, dash + 1);
    try (DirectoryStream<Path> all = Files.newDirectoryStream(own.getParent(), key + "*.s")) {
      for (Path other : all) {
        if (!other.equals(own)) {
          ask(other);
        }
      }
    } catch (IOException unreadable) {
      // they leave by themselves when they have been idle long enough
    }
  }

  private static void ask(Path other) {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(other))) {
      channel.write(ByteBuffer.allocate(Frames.HEAD).put((byte) 'Q').putInt(0).flip());
    } catch (IOException gone) {
      // a socket that a killed runtime left
    }
  }
}
