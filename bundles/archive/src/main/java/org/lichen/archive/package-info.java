/**
 * Archives that nobody trusts. Start from {@link org.lichen.archive.TarReader} and {@link
 * org.lichen.archive.Unpacker}.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.archive;
