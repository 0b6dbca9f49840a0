package org.lichen.image.docker.registry;

/**
 * What proves who the user is: a name and a password, or a refresh token ({@code identityToken}).
 */
record Credentials(String user, String password, String identityToken) {
  String basic() {
    return okhttp3.Credentials.basic(user, password, java.nio.charset.StandardCharsets.UTF_8);
  }

  /** Never shows the secret. */
  @Override
  public String toString() {
    return user;
  }
}
