package org.lichen.api.image;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lichen.api.Digest;

/**
 * What a user typed for an image, made complete. For transport {@code docker} the name is {@code
 * HOST[:PORT]/PATH} (short names are completed as {@code docker.io/library/NAME}; without tag and
 * digest the tag is {@code latest}); for every other transport the name is a path and there is
 * neither tag nor digest, except {@code oci:DIR[:TAG]}, {@code oci-archive:} and {@code
 * docker-archive:FILE[:TAG]}. {@link #parse} and {@link #toString} are inverses on what {@link
 * #toString} prints.
 */
public record ImageReference(
    String transport, String name, Optional<String> tag, Optional<Digest> digest) {
  private static final Pattern TRANSPORT = Pattern.compile("([a-z][a-z0-9-]+):(?!//)(.+)");
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");

  /** Path components of a repository (OCI distribution-spec, "Pulling manifests"). */
  private static final Pattern REPOSITORY =
      Pattern.compile(
          "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*");

  private static final Pattern HOST =
      Pattern.compile(
          "(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9-]+)*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?");

  /** The registry that a name without a host means. */
  public static final String DEFAULT_HOST = "docker.io";

  public ImageReference {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("an image name is empty");
    }
    tag.ifPresent(
        t -> {
          if (!TAG.matcher(t).matches()) {
            throw new IllegalArgumentException("'" + t + "' is not a valid tag");
          }
        });
  }

  /**
   * Reads a reference. {@code docker://NAME} and a bare NAME are transport {@code docker}; {@code
   * word:rest} is another transport if {@code word} is one of {@code transports}.
   *
   * @throws IllegalArgumentException with a sentence for the user
   */
  public static ImageReference parse(String text, java.util.Set<String> transports) {
    if (text.startsWith("docker://")) {
      return docker(text.substring("docker://".length()));
    }
    Matcher matcher = TRANSPORT.matcher(text);
    if (matcher.matches()
        && !matcher.group(1).equals("docker")
        && transports.contains(matcher.group(1))) {
      return local(matcher.group(1), matcher.group(2));
    }
    return docker(text);
  }

  /** A name in a registry. */
  public static ImageReference docker(String text) {
    String rest = text;
    Optional<Digest> digest = Optional.empty();
    int at = rest.indexOf('@');
    if (at >= 0) {
      digest = Optional.of(Digest.parse(rest.substring(at + 1)));
      rest = rest.substring(0, at);
    }
    Optional<String> tag = Optional.empty();
    int colon = rest.lastIndexOf(':');
    if (colon > rest.lastIndexOf('/')) {
      tag = Optional.of(rest.substring(colon + 1));
      rest = rest.substring(0, colon);
    }
    if (tag.isEmpty() && digest.isEmpty()) {
      tag = Optional.of("latest");
    }
    return new ImageReference("docker", complete(rest, text), tag, digest);
  }

  private static String complete(String name, String typed) {
    int slash = name.indexOf('/');
    String first = slash < 0 ? "" : name.substring(0, slash);
    boolean hasHost =
        slash > 0 && (first.contains(".") || first.contains(":") || first.equals("localhost"));
    String host = hasHost ? first : DEFAULT_HOST;
    String path = hasHost ? name.substring(slash + 1) : name;
    if (host.equals("index.docker.io")) {
      host = DEFAULT_HOST;
    }
    if (host.equals(DEFAULT_HOST) && !path.contains("/")) {
      path = "library/" + path;
    }
    if (!HOST.matcher(host).matches() || !REPOSITORY.matcher(path).matches()) {
      throw new IllegalArgumentException(
          "'"
              + typed
              + "' is not a valid image name (lower case letters, digits and . _ - / only)");
    }
    return host + "/" + path;
  }

  private static ImageReference local(String transport, String rest) {
    boolean tagged =
        switch (transport) {
          case "oci", "oci-archive", "docker-archive" -> true;
          default -> false;
        };
    int colon = rest.lastIndexOf(':');
    if (tagged
        && colon > rest.lastIndexOf('/')
        && TAG.matcher(rest.substring(colon + 1)).matches()) {
      return new ImageReference(
          transport,
          rest.substring(0, colon),
          Optional.of(rest.substring(colon + 1)),
          Optional.empty());
    }
    return new ImageReference(transport, rest, Optional.empty(), Optional.empty());
  }

  /** Registry host with port; only for transport {@code docker}. */
  public String host() {
    return name.substring(0, name.indexOf('/'));
  }

  /** Path within the registry; only for transport {@code docker}. */
  public String repository() {
    return name.substring(name.indexOf('/') + 1);
  }

  /** The same name with another tag and no digest. */
  public ImageReference withTag(String newTag) {
    return new ImageReference(transport, name, Optional.of(newTag), Optional.empty());
  }

  /** The shortest text that means the same, as people type it: {@code alpine:3.20}. */
  public String familiar() {
    String full = toString();
    for (String prefix : new String[] {DEFAULT_HOST + "/library/", DEFAULT_HOST + "/"}) {
      if (transport.equals("docker") && full.startsWith(prefix)) {
        return full.substring(prefix.length());
      }
    }
    return full;
  }

  @Override
  public String toString() {
    String prefix = transport.equals("docker") ? "" : transport + ":";
    return prefix + name + tag.map(t -> ":" + t).orElse("") + digest.map(d -> "@" + d).orElse("");
  }
}
