/**
 * Containers as the shell and other front ends use them. Start from {@link
 * org.lichen.api.runtime.ContainerRuntime}.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.api.runtime;
