package org.lichen.api.image;

import java.io.IOException;
import java.util.Optional;
import org.lichen.api.Progress;
import org.lichen.api.Request;

/** See {@link EntryStream#watched}. */
record WatchedEntries(EntryStream entries, Request request, Progress.Task task)
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
