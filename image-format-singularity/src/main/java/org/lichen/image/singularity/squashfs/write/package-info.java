/**
 * Writes squashfs 4.0. The same tree gives the same bytes, whatever the number of threads. Start
 * from {@link org.lichen.image.singularity.squashfs.write.SquashWriter}.
 */
package org.lichen.image.singularity.squashfs.write;
