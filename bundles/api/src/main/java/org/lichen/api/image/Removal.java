package org.lichen.api.image;

import java.util.List;
import org.lichen.api.Digest;

/** What a removal did: names untagged, images deleted, blobs deleted, bytes freed. */
public record Removal(List<String> untagged, List<Digest> images, List<Digest> blobs, long bytes) {
  public Removal {
    untagged = List.copyOf(untagged);
    images = List.copyOf(images);
    blobs = List.copyOf(blobs);
  }
}
