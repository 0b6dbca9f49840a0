/**
 * Reads squashfs 4.0, as it lies in a file. Start from {@link
 * org.lichen.image.singularity.squashfs.Squashfs} and {@link
 * org.lichen.image.singularity.squashfs.SquashEntries}. Numbers are little endian.
 *
 * <pre>
 *   superblock (96 bytes)
 *   options of the compressor (if flag 0x400)
 *   data blocks and fragments
 *   inode table      metadata      a metadata block is: u16 (length, 0x8000: not compressed), at
 *   directory table  metadata      most 8 KiB when unpacked; a reference into a table is
 *   fragment table   metadata      (block's offset in the table) &lt;&lt; 16 | offset in the block
 *   export table     metadata
 *   id table         metadata      the tables from fragments on are found by an index of u64
 *   xattr table      metadata      positions of their metadata blocks
 * </pre>
 */
package org.lichen.image.singularity.squashfs;
