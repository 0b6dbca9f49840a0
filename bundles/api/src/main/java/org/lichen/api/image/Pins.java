package org.lichen.api.image;

import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Says which images must stay. The store asks every service of this type, under its exclusive lock,
 * before it removes anything; whoever pins a new image holds an {@link ImageStore.Writer} open
 * meanwhile, which is a shared lock.
 */
@ConsumerType
public interface Pins {
  /** Manifests of pinned images, with who pins each: {@code container web}. */
  java.util.Map<Digest, Set<String>> pinned() throws ContainerException;
}
