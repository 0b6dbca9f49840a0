/**
 * {@code lichen sif}: what is in a SIF. Start from {@link
 * org.lichen.image.singularity.command.SifCommand}.
 */
package org.lichen.image.singularity.command;
