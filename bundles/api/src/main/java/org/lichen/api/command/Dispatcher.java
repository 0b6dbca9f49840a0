package org.lichen.api.command;

import org.lichen.api.Request;
import org.osgi.annotation.versioning.ProviderType;

/** Runs a whole command line. Every failure is told on the console and becomes an exit status. */
@ProviderType
public interface Dispatcher {
  Outcome dispatch(Request request, Console console);
}
