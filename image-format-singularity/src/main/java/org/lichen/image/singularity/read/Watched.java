package org.lichen.image.singularity.read;

import java.io.IOException;
import java.util.Optional;
import org.lichen.api.Progress;
import org.lichen.api.Request;
import org.lichen.api.image.Entry;
import org.lichen.api.image.EntryStream;

/** Entries that tell how far they are, and end when nobody waits. */
public record Watched(EntryStream entries, Request request, Progress.Task task)
    implements EntryStream {
  @Override
  public Optional<Entry> next() throws IOException {
    if (request.cancellation().requested()) {
      throw new IOException("interrupted");
    }
    Optional<Entry> next = entries.next();
    next.ifPresent(entry -> task.advance(entry.size()));
    return next;
  }

  @Override
  public void close() throws IOException {
    entries.close();
  }
}
