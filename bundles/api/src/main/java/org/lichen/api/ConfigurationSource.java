package org.lichen.api;

import java.util.Map;
import org.osgi.annotation.versioning.ProviderType;

/** Reads the configuration that is in force for a caller. */
@ProviderType
public interface ConfigurationSource {
  /** Site, then user; {@code environment} is the caller's and says where the user's file is. */
  Configuration read(Map<String, String> environment) throws ContainerException;
}
