package org.lichen.image.docker.local;

import java.util.List;
import java.util.Set;
import org.lichen.api.image.ImageReference;
import org.lichen.image.docker.model.Document;
import org.lichen.image.docker.transfer.Content;

/**
 * One image of a source, perhaps for several platforms; {@code names} are those that it gets,
 * {@code labels} what the source calls it.
 */
record Candidate(
    Content content, Document document, List<ImageReference> names, Set<String> labels) {
  /** Whether a tag that the user typed means it. */
  boolean called(String tag) {
    return labels.stream().anyMatch(label -> label.equals(tag) || label.endsWith(":" + tag));
  }
}
