package org.lichen.front;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import jdk.net.ExtendedSocketOptions;

/** Who is at the other end of a socket. */
final class Peer {
  private Peer() {}

  /** Whether the peer is the user who owns {@code reference}. */
  static boolean isOurs(SocketChannel peer, Path reference) throws IOException {
    return peer.getOption(ExtendedSocketOptions.SO_PEERCRED)
        .user()
        .equals(Files.getOwner(reference));
  }
}
