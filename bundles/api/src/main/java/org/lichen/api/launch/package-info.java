/**
 * How a container is started. A launcher implements {@link org.lichen.api.launch.Launcher}; what it
 * is asked for is a {@link org.lichen.api.launch.LaunchSpec}; a {@link
 * org.lichen.api.launch.LaunchContributor} adds to it.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.api.launch;
