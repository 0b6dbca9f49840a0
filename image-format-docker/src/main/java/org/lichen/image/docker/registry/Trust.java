package org.lichen.image.docker.registry;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;

/**
 * Whose signature on a registry's certificate counts: the machine's authorities, not those that
 * came with this Java, and those that the user has put beside for the host.
 */
final class Trust {
  /** Debian, Fedora, openSUSE, Alpine. */
  private static final List<Path> SYSTEM =
      Stream.of(
              "/etc/ssl/certs/ca-certificates.crt",
              "/etc/pki/tls/certs/ca-bundle.crt",
              "/etc/ssl/ca-bundle.pem",
              "/etc/ssl/cert.pem")
          .map(Path::of)
          .toList();

  /** Files of authorities have remarks between the certificates. */
  private static final Pattern PEM =
      Pattern.compile(
          "-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----");

  private final Settings settings;

  Trust(Settings settings) {
    this.settings = settings;
  }

  X509TrustManager of(String host) throws ContainerException {
    try {
      List<Certificate> all = new ArrayList<>();
      Optional<Path> system = system();
      for (Path file : extra(host)) {
        all.addAll(read(file));
      }
      if (system.isPresent()) {
        all.addAll(read(system.get()));
      } else {
        all.addAll(Arrays.asList(manager(null).getAcceptedIssuers()));
      }
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (int i = 0; i < all.size(); i++) {
        store.setCertificateEntry("ca" + i, all.get(i));
      }
      return manager(store);
    } catch (GeneralSecurityException | IOException failed) {
      throw new ContainerException(
          Kind.HOST, "cannot read authorities (" + host + "): " + failed.getMessage(), "", failed);
    }
  }

  private Optional<Path> system() {
    return settings
        .directory("SSL_CERT_FILE")
        .or(() -> SYSTEM.stream().filter(Files::isReadable).findFirst());
  }

  private List<Path> extra(String host) throws IOException {
    List<Path> files = new ArrayList<>(settings.authorities(host));
    for (Path directory : settings.certificateDirectories(host)) {
      if (Files.isReadable(directory) && Files.isDirectory(directory)) {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.crt")) {
          found.forEach(files::add);
        }
      }
    }
    return files;
  }

  private static List<Certificate> read(Path file) throws ContainerException {
    List<Certificate> certificates = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      Matcher matcher =
          PEM.matcher(Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1));
      while (matcher.find()) {
        try (InputStream pem =
            new ByteArrayInputStream(
                matcher.group().getBytes(java.nio.charset.StandardCharsets.US_ASCII))) {
          certificates.add(factory.generateCertificate(pem));
        }
      }
    } catch (IOException | GeneralSecurityException failed) {
      throw new ContainerException(
          Kind.HOST,
          "cannot read authorities (" + file + "): " + failed.getMessage(),
          "it is to hold certificates in PEM form",
          failed);
    }
    return certificates;
  }

  /** That of a store, or, for none, that of this Java. */
  private static X509TrustManager manager(@Nullable KeyStore store)
      throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    for (TrustManager each : factory.getTrustManagers()) {
      if (each instanceof X509TrustManager manager) {
        return manager;
      }
    }
    throw new GeneralSecurityException("this Java cannot check certificates");
  }
}
