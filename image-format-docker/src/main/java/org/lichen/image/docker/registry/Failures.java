package org.lichen.image.docker.registry;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.image.docker.model.Json;
import org.lichen.image.docker.model.Origin;
import org.lichen.image.docker.model.Text;

/** What went wrong between us and a registry, in the user's words. */
final class Failures {
  private Failures() {}

  /** Whether another attempt may succeed: not if nobody is there or nobody is to be trusted. */
  static boolean passing(IOException failure) {
    boolean never = failure instanceof SocketTimeoutException && connecting(failure);
    return !never
        && !(failure instanceof UnknownHostException)
        && !(failure instanceof ConnectException)
        && !(failure instanceof NoRouteToHostException)
        && !(failure instanceof SSLException && !cut(failure));
  }

  /** Whether the other side closed a connection in the middle of TLS. */
  private static boolean cut(IOException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.contains("closed") || message.contains("reset");
  }

  private static boolean connecting(IOException failure) {
    return String.valueOf(failure.getMessage())
        .toLowerCase(java.util.Locale.ROOT)
        .contains("connect");
  }

  /** Whether a host speaks TLS, but with a certificate that does not count. */
  static boolean untrusted(Throwable failure) {
    return failure instanceof SSLPeerUnverifiedException
        || cause(failure, CertificateException.class).isPresent();
  }

  static ContainerException network(String host, IOException failure) {
    String why = Text.clean(String.valueOf(failure.getMessage()));
    String hint = "";
    if (failure instanceof UnknownHostException) {
      why = "its name cannot be resolved";
      hint = "check the name, the network and the proxy variables";
    } else if (failure instanceof SSLPeerUnverifiedException) {
      why = "its certificate is for another name";
      hint = "use a name that the certificate holds; registries.insecure trusts any";
    } else if (untrusted(failure)) {
      why = "its certificate is not trusted: " + distrust(failure);
      hint =
          "put its authority into ~/.config/containers/certs.d/"
              + host
              + "/ca.crt, or name it in registries.ca; registries.insecure trusts any";
    } else if (failure instanceof SSLException && why.contains("SSL message")) {
      why = "it does not speak TLS";
      hint = "if that is intended, name it in registries.insecure";
    } else if (failure instanceof NoRouteToHostException) {
      why = "no route to it";
    } else if (failure instanceof ConnectException) {
      why = refused(failure) ? "connection refused" : why;
      hint = "check the address and the port; is the registry running?";
    } else if (failure instanceof SocketTimeoutException) {
      why = "it does not answer";
    }
    return new ContainerException(
        Kind.HOST, "cannot reach registry (" + host + "): " + why, hint, failure);
  }

  /** The client says only that it failed to connect; the system's word is below that. */
  private static boolean refused(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .anyMatch(each -> String.valueOf(each.getMessage()).contains("refused"));
  }

  private static String distrust(IOException failure) {
    if (cause(failure, CertificateExpiredException.class).isPresent()) {
      return "it has expired";
    }
    return cause(failure, CertPathBuilderException.class).isPresent()
        ? "no known authority has signed it"
        : Text.clean(String.valueOf(failure.getMessage()));
  }

  private static <T> Optional<T> cause(Throwable failure, Class<T> type) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .filter(type::isInstance)
        .map(type::cast)
        .findFirst();
  }

  /** For an answer that is no success; {@code what} is asked for, {@code user} asks. */
  static ContainerException status(
      Answer answer, String what, String host, Optional<Credentials> user) {
    String said = said(answer);
    String which = " (" + what + "): ";
    String login =
        "log in with 'podman login "
            + host
            + "' or 'docker login "
            + host
            + "'; lichen uses what they save";
    return switch (answer.code()) {
      case 401 ->
          new ContainerException(
              Kind.HOST,
              "access denied"
                  + which
                  + user.map(u -> "the registry refuses " + u + said)
                      .orElse("there is no such image, or the registry wants a login" + said),
              login);
      case 403 ->
          new ContainerException(
              Kind.HOST, "access denied" + which + "the registry forbids it" + said, login);
      case 404 ->
          new ContainerException(
              Kind.NOT_FOUND,
              "no such image" + which + "the registry does not have it" + said,
              "check the name and the tag");
      case 429 ->
          new ContainerException(
              Kind.HOST,
              "cannot fetch" + which + "the registry limits how often one may ask" + said,
              "try again later; with a login the limit may be higher");
      default ->
          new ContainerException(
              Kind.HOST,
              "cannot fetch" + which + "the registry answers " + answer.code() + said,
              "");
    };
  }

  /** What the registry itself says (OCI distribution-spec, "Error codes"), if it says anything. */
  private static String said(Answer answer) {
    try {
      Json body = Json.parse(answer.document(), new Origin("answer", ""));
      for (Json error : body.get("errors").items()) {
        String message =
            error.get("message").present() ? error.get("message").text() : error.get("code").text();
        return ": " + Text.clean(message);
      }
    } catch (IOException | ContainerException nothing) {
      return "";
    }
    return "";
  }
}
