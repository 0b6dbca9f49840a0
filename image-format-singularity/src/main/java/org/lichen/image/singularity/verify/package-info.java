/**
 * Checks the signatures of a SIF: PGP, clear-signed, as Singularity has it since 3.6 and before,
 * and DSSE with keys in PEM (sylabs/sif, "pkg/integrity"; DSSE protocol 1.0.2). The algorithms are
 * those of Bouncy Castle and of the JDK. Start from {@link
 * org.lichen.image.singularity.verify.Verification}.
 */
package org.lichen.image.singularity.verify;
