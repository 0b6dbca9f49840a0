package org.lichen.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A certificate authority of the test, and a certificate of it for this machine. */
public record TestCa(Path authority, Path certificate, Path key, Path store) {
  private static final String PASSWORD = "changeit";

  public static TestCa in(Path directory) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    Path ca = directory.resolve("ca.crt");
    Path caKey = directory.resolve("ca.key");
    Path key = directory.resolve("server.key");
    Path request = directory.resolve("server.csr");
    Path certificate = directory.resolve("server.crt");
    Path extensions = directory.resolve("server.ext");
    Path store = directory.resolve("server.p12");
    String openssl = Needs.program("openssl").toString();
    Files.writeString(
        extensions,
        """
        subjectAltName=DNS:localhost,IP:127.0.0.1
        extendedKeyUsage=serverAuth
        basicConstraints=CA:FALSE
        """);
    Needs.output(
        openssl,
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        caKey.toString(),
        "-out",
        ca.toString(),
        "-days",
        "2",
        "-subj",
        "/CN=Test CA");
    Needs.output(
        openssl,
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        key.toString(),
        "-out",
        request.toString(),
        "-subj",
        "/CN=localhost");
    Needs.output(
        openssl,
        "x509",
        "-req",
        "-in",
        request.toString(),
        "-CA",
        ca.toString(),
        "-CAkey",
        caKey.toString(),
        "-CAcreateserial",
        "-days",
        "2",
        "-out",
        certificate.toString(),
        "-extfile",
        extensions.toString());
    Needs.output(
        openssl,
        "pkcs12",
        "-export",
        "-inkey",
        key.toString(),
        "-in",
        certificate.toString(),
        "-name",
        "server",
        "-passout",
        "pass:" + PASSWORD,
        "-out",
        store.toString());
    return new TestCa(ca, certificate, key, store);
  }

  /** For a server of Java. */
  public SSLContext server() throws IOException, GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(keyStore(), PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  PrivateKey privateKey() throws IOException, GeneralSecurityException {
    return (PrivateKey) keyStore().getKey("server", PASSWORD.toCharArray());
  }

  X509Certificate x509() throws IOException, GeneralSecurityException {
    return (X509Certificate) keyStore().getCertificate("server");
  }

  private KeyStore keyStore() throws IOException, GeneralSecurityException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    return keys;
  }
}
