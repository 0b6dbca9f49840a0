package org.lichen.image.docker.registry;

import org.lichen.api.ContainerException;

/** What all parts of one request share; closing it closes the connections. */
record Session(
    Settings settings,
    Timing timing,
    Clients clients,
    Exchange exchange,
    Retry retry,
    AuthFiles credentials)
    implements AutoCloseable {
  static Session open(Settings settings, Timing timing) throws ContainerException {
    Clients clients = new Clients(settings, timing);
    Exchange exchange = new Exchange(clients);
    return new Session(
        settings, timing, clients, exchange, new Retry(timing, exchange), new AuthFiles(settings));
  }

  @Override
  public void close() {
    clients.close();
  }
}
