package org.lichen.image.docker.registry;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.image.docker.model.Descriptor;
import org.lichen.image.docker.transfer.LayerFailure;

/**
 * The bytes of a layer. When the connection breaks it goes on where it was, by a range request, or,
 * if the server knows no ranges, from the start without what was read already. Whether the parts
 * belong together only the digest can tell, in the end.
 */
final class ResumingBlob implements ReadableByteChannel {
  /** Progress after which a break counts as a first one again. */
  private static final long ENOUGH = 1 << 20;

  private final Session session;
  private final String host;
  private final Descriptor layer;
  private final Opener opener;
  private final byte[] buffer = new byte[1 << 16];
  private Answer answer;
  private InputStream in;
  private long position;
  private long lastBreak;
  private int breaks;
  private boolean open = true;

  /** Asks for the bytes from an offset on. */
  interface Opener {
    Answer open(long from) throws ContainerException;
  }

  ResumingBlob(Session session, String host, Descriptor layer, Opener opener)
      throws ContainerException {
    this.session = session;
    this.host = host;
    this.layer = layer;
    this.opener = opener;
    answer = opener.open(0);
    in = answer.body();
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    while (true) {
      try {
        int count = some(into);
        if (count >= 0 || position >= layer.size()) {
          position += Math.max(0, count);
          return count;
        }
        resume(new IOException("it ended the connection after " + position + " bytes"));
      } catch (LayerFailure known) {
        throw known;
      } catch (IOException broken) {
        resume(broken);
      }
    }
  }

  private int some(ByteBuffer into) throws IOException {
    if (into.hasArray()) {
      int at = into.position();
      int count = in.read(into.array(), into.arrayOffset() + at, into.remaining());
      into.position(at + Math.max(0, count));
      return count;
    }
    int count = in.read(buffer, 0, Math.min(buffer.length, into.remaining()));
    into.put(buffer, 0, Math.max(0, count));
    return count;
  }

  private void resume(IOException why) throws LayerFailure {
    answer.close();
    try {
      session.retry().check();
      breaks = position - lastBreak >= ENOUGH ? 1 : breaks + 1;
      lastBreak = position;
      if (breaks == Retry.ATTEMPTS || !Failures.passing(why)) {
        throw Failures.network(host, why);
      }
      session.retry().pause(breaks, Optional.empty());
      answer = opener.open(position);
      in = answer.body();
      skip();
    } catch (ContainerException failed) {
      throw new LayerFailure(failed);
    } catch (IOException again) {
      resume(again);
    }
  }

  /** Comes to the position, wherever the answer begins. */
  private void skip() throws IOException {
    long start = 0;
    if (answer.code() == 206) {
      String range = answer.header("Content-Range").orElse("");
      if (!range.matches("bytes [0-9]{1,18}-.*")) {
        throw new IOException("its answer has no valid Content-Range");
      }
      start = Long.parseLong(range.substring(6, range.indexOf('-')));
    }
    if (start > position) {
      throw new IOException("it left out bytes " + position + " to " + start);
    }
    in.skipNBytes(position - start);
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() {
    open = false;
    answer.close();
  }
}
