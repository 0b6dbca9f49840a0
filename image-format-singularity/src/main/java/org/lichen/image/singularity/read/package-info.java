/**
 * Finds the root file system in a file and makes an image of it. Start from {@link
 * org.lichen.image.singularity.read.SingularityImages}.
 */
package org.lichen.image.singularity.read;
