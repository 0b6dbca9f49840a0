package org.lichen.api.image;

import java.util.List;

/** An image with the names that its source gives it; there may be none. */
public record NamedImage(Image image, List<ImageReference> names) {
  public NamedImage {
    names = List.copyOf(names);
  }
}
