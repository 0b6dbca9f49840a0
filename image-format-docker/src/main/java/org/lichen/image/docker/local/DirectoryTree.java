package org.lichen.image.docker.local;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files below a directory. */
final class DirectoryTree implements Tree {
  private final Path root;

  DirectoryTree(Path root) {
    this.root = root;
  }

  @Override
  public boolean has(String name) {
    return Files.isRegularFile(at(name));
  }

  @Override
  public long size(String name) throws IOException {
    return Files.size(at(name));
  }

  @Override
  public ReadableByteChannel open(String name) throws IOException {
    return Files.newByteChannel(at(name));
  }

  /** Names come from documents too: none of them leads out of the directory. */
  private Path at(String name) {
    Path path = root.resolve(TarIndex.normal(name)).normalize();
    return path.startsWith(root) ? path : root;
  }

  @Override
  public void close() {}
}
