/**
 * Makes a SIF of any image: its layers become one tree, with what Apptainer needs to run it. Start
 * from {@link org.lichen.image.singularity.write.ImageToSif}.
 */
package org.lichen.image.singularity.write;
