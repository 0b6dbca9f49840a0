/**
 * Images and where they are kept. A format implements {@link org.lichen.api.image.ImageFormat}; the
 * store is {@link org.lichen.api.image.ImageStore}.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.api.image;
