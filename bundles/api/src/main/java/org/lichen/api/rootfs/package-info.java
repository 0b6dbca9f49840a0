/**
 * How a container's root filesystem comes about. A strategy implements {@link
 * org.lichen.api.rootfs.FilesystemStrategy}; what it plans is a {@link
 * org.lichen.api.rootfs.RootfsPlan}.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.api.rootfs;
