/**
 * What is true of this machine: {@link org.lichen.api.host.Host}, found out by {@link
 * org.lichen.api.host.Facts}.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.api.host;
