package org.lichen.api;

/**
 * An absolute path as a guest sees it: never a path of the host. Normalised: no empty, {@code .} or
 * {@code ..} component, no trailing slash.
 */
public record GuestPath(String value) {
  public static final GuestPath ROOT = new GuestPath("/");

  public GuestPath {
    if (!value.startsWith("/") || value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("'" + value + "' is not an absolute path of a container");
    }
    StringBuilder clean = new StringBuilder();
    for (String part : value.split("/+", -1)) {
      switch (part) {
        case "", "." -> {}
        case ".." -> clean.setLength(Math.max(0, clean.lastIndexOf("/")));
        default -> clean.append('/').append(part);
      }
    }
    value = clean.isEmpty() ? "/" : clean.toString();
  }

  /** {@code path} seen from this directory: an absolute path stays, a relative one is appended. */
  public GuestPath resolve(String path) {
    return new GuestPath(path.startsWith("/") ? path : value + "/" + path);
  }

  @Override
  public String toString() {
    return value;
  }
}
