/**
 * Images in registries (OCI distribution-spec, "Pull"). Start from {@link
 * org.lichen.image.docker.registry.RegistryImages}.
 */
package org.lichen.image.docker.registry;
