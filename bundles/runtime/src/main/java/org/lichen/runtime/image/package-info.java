/** Brings images in by whatever format reads them: {@link org.lichen.runtime.image.ImageReader}. */
package org.lichen.runtime.image;
