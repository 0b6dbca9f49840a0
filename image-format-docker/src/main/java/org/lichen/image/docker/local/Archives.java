package org.lichen.image.docker.local;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.image.ImageSource;
import org.lichen.image.docker.model.Origin;
import org.lichen.image.docker.model.Text;

/** Opens a source as a tree of files, whether it is a directory, a tar or a compressed tar. */
final class Archives {
  private final Request request;

  Archives(Request request) {
    this.request = request;
  }

  Tree open(ImageSource source) throws ContainerException {
    String which = source.reference().toString();
    try {
      if (source.file().filter(Files::isDirectory).isPresent()) {
        return new DirectoryTree(source.file().get().toAbsolutePath().normalize());
      }
      return tar(source, which);
    } catch (IOException failed) {
      throw unreadable(which, failed);
    }
  }

  static ContainerException unreadable(String which, IOException failed) {
    String what = "cannot read image (" + which + "): ";
    if (failed instanceof NoSuchFileException) {
      return new ContainerException(Kind.NOT_FOUND, what + "no such file or directory", "");
    }
    String why =
        failed instanceof AccessDeniedException ? "permission denied" : failed.getMessage();
    return new ContainerException(Kind.HOST, what + why, "", failed);
  }

  private Tree tar(ImageSource source, String which) throws IOException, ContainerException {
    FileChannel channel = channel(source, which);
    try {
      return new TarTree(channel);
    } catch (IOException damaged) {
      channel.close();
      throw new Origin("archive", which).corrupt(Text.clean(damaged.getMessage()));
    }
  }

  private FileChannel channel(ImageSource source, String which)
      throws IOException, ContainerException {
    Compression compression = Compression.of(source.peek(Compression.PEEK));
    if (compression == Compression.NONE && source.file().isPresent()) {
      Path file = source.file().get();
      return FileChannel.open(file, StandardOpenOption.READ);
    }
    try (InputStream in = new BufferedInputStream(Channels.newInputStream(source.open(0)))) {
      return new Spool(request, which).copy(opened(compression, in, which));
    }
  }

  private static InputStream opened(Compression compression, InputStream in, String which)
      throws ContainerException {
    try {
      return compression.reader(in);
    } catch (IOException damaged) {
      throw new Origin("archive", which).corrupt(Text.clean(damaged.getMessage()));
    }
  }
}
