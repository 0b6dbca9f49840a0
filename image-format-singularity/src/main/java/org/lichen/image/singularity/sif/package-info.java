/**
 * Reads SIF, the Singularity Image Format (sylabs/sif, "pkg/sif"). Start from {@link
 * org.lichen.image.singularity.sif.Sif}. Numbers are little endian, times are seconds of Unix.
 *
 * <pre>
 *   0    launch      32 bytes  "#!/usr/bin/env run-singularity\n", so that a file can be executed
 *   32   magic       10        "SIF_MAGIC\0"
 *   42   version      3        "01\0"
 *   45   arch         3        "02\0": amd64; "00\0": none said
 *   48   uuid        16
 *   64   ctime mtime dfree dtotal descroff descrlen dataoff datalen     i64 each
 *
 *   descroff: dtotal descriptors of 585 bytes
 *   0    datatype    i32       0x4001 definition file … 0x400b OCI blob
 *   4    used        u8        0: the rest means nothing
 *   5    id groupid link       u32 each; groups, and links to groups, have 0xf0000000 added
 *   17   offset size storelen ctime mtime uid gid                       i64 each
 *   73   name       128
 *   201  extra      384        of a partition:  i32 file system, i32 kind, 3 bytes arch
 *                              of a signature:  i32 hash, 20 bytes fingerprint of the PGP key
 *                              of an OCI object: its digest, as text
 * </pre>
 */
package org.lichen.image.singularity.sif;
