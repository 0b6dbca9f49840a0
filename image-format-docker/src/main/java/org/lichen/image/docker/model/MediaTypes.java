package org.lichen.image.docker.model;

import java.util.Locale;
import java.util.Set;

/** The media types of images (OCI image-spec "media-types"; Docker image manifest v2.2). */
public final class MediaTypes {
  public static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  public static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  public static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
  public static final String OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
  public static final String DOCKER_LIST =
      "application/vnd.docker.distribution.manifest.list.v2+json";
  public static final String DOCKER_MANIFEST =
      "application/vnd.docker.distribution.manifest.v2+json";
  public static final String DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
  private static final String DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";
  private static final String DOCKER_FOREIGN =
      "application/vnd.docker.image.rootfs.foreign.diff.tar";
  private static final String OCI_FOREIGN =
      "application/vnd.oci.image.layer.nondistributable.v1.tar";
  private static final String SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+";

  /** What a registry is asked for, best first. */
  public static final String ACCEPT =
      String.join(", ", OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST);

  private static final Set<String> COMPRESSIONS =
      Set.of("", ".gzip", ".zstd", "+gzip", "+zstd", "+xz", "+bzip2");

  /** The earliest schema 2 images call their configuration octet-stream. */
  private static final Set<String> CONFIGS =
      Set.of(OCI_CONFIG, DOCKER_CONFIG, "application/octet-stream");

  private MediaTypes() {}

  public static boolean index(String type) {
    return type.equals(OCI_INDEX) || type.equals(DOCKER_LIST);
  }

  public static boolean manifest(String type) {
    return type.equals(OCI_MANIFEST) || type.equals(DOCKER_MANIFEST);
  }

  public static boolean schema1(String type) {
    return type.startsWith(SCHEMA_1);
  }

  public static boolean config(String type) {
    return CONFIGS.contains(type);
  }

  public static boolean layer(String type) {
    for (String tar : new String[] {OCI_LAYER, DOCKER_LAYER, DOCKER_FOREIGN, OCI_FOREIGN}) {
      if (type.startsWith(tar) && COMPRESSIONS.contains(type.substring(tar.length()))) {
        return true;
      }
    }
    return false;
  }

  /** A Content-Type header without its parameters. */
  public static String of(String header) {
    int semicolon = header.indexOf(';');
    return (semicolon < 0 ? header : header.substring(0, semicolon))
        .strip()
        .toLowerCase(Locale.ROOT);
  }
}
