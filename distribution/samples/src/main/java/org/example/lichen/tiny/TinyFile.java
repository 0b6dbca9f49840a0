package org.example.lichen.tiny;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.image.Entry;
import org.lichen.api.image.EntryStream;
import org.lichen.api.image.ImageSource;

/** Reads such a file from its beginning to its end. */
final class TinyFile implements EntryStream {
  private static final int LONGEST_LINE = 4096;

  private final InputStream in;
  private final List<String> command = new ArrayList<>();

  /** What of the last file was not read yet. */
  private long rest;

  TinyFile(ImageSource source) throws IOException, ContainerException {
    in = new BufferedInputStream(Channels.newInputStream(source.open(0)));
    if (!(line() + "\n").equals(TinyFormat.MAGIC)) {
      throw new IOException("it is no tiny image");
    }
  }

  /** Reads it all; answers the command. */
  List<String> skipToEnd() throws IOException {
    Optional<Entry> entry = next();
    while (entry.isPresent()) {
      entry = next();
    }
    return command;
  }

  @Override
  public Optional<Entry> next() throws IOException {
    in.skipNBytes(rest); // throws at a premature end
    rest = 0;
    for (String line = line(); !line.isEmpty(); line = line()) {
      String[] words = line.split(" ", 4);
      if (words[0].equals("command") && words.length == 2) {
        command.add(words[1]);
      } else if (words[0].equals("file") && words.length == 4) {
        return Optional.of(file(words, line));
      } else {
        throw new IOException("unknown line '" + line + "'");
      }
    }
    return Optional.empty();
  }

  private Entry file(String[] words, String line) throws IOException {
    try {
      long size = Long.parseUnsignedLong(words[2]);
      rest = size;
      return new TinyEntry(
          words[3], Integer.parseInt(words[1], 8), size, Channels.newChannel(new Content()));
    } catch (NumberFormatException e) {
      throw new IOException("wrong number in line '" + line + "'", e);
    }
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
      line.write(next);
      if (line.size() > LONGEST_LINE) {
        throw new IOException("a line is longer than " + LONGEST_LINE + " bytes");
      }
    }
    return line.toString(StandardCharsets.UTF_8);
  }

  /** The bytes of the file that was announced last. */
  private final class Content extends InputStream {
    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (rest == 0) {
        return -1;
      }
      int count = in.read(buffer, offset, (int) Math.min(length, rest));
      if (count < 0) {
        throw new IOException("the file ends " + rest + " bytes too early");
      }
      rest -= count;
      return count;
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
