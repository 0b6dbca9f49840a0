/** The strategy {@code uufs}: {@link org.lichen.fs.uufs.UufsStrategy}. */
package org.lichen.fs.uufs;
