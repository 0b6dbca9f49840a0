/**
 * What a container is. Start from {@link org.lichen.api.container.Container} and {@link
 * org.lichen.api.container.ContainerSpec}.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.api.container;
