/**
 * Linux as Java does not offer it, with names as bytes. Start from {@link
 * org.lichen.posix.Directory} and {@link org.lichen.posix.FileLock}.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.posix;
