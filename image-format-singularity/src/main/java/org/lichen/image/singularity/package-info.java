/**
 * The format {@code singularity}: SIF and squashfs images, as Singularity and Apptainer make them.
 * Start from {@link org.lichen.image.singularity.SingularityFormat}.
 */
package org.lichen.image.singularity;
