package org.lichen.image.singularity.squashfs;

import org.lichen.api.image.Entry;

/**
 * An inode. {@code id} is its reference, which no other has; {@code xattrs} an index, -1: none.
 * Which of the rest mean something depends on the type.
 */
record Inode(
    long id,
    Entry.Type type,
    int mode,
    int owner,
    int group,
    long time,
    long links,
    long size,
    Listing listing,
    Blocks.Place blocks,
    byte[] target,
    long device,
    long xattrs) {
  /** Where a directory's entries lie in the directory table; {@code length} in bytes. */
  record Listing(long reference, long length) {
    static final Listing NONE = new Listing(0, 0);
  }

  /** Linux's encoding of device numbers, as squashfs keeps it. */
  long major() {
    return device >>> 8 & 0xfff;
  }

  long minor() {
    return device & 0xff | device >>> 12 & 0xfff00;
  }
}
