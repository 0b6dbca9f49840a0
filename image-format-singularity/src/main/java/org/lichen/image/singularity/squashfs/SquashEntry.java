package org.lichen.image.singularity.squashfs;

import java.nio.channels.ReadableByteChannel;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.lichen.api.image.Entry;

/** An entry as plain values. */
record SquashEntry(
    byte[] path,
    Type type,
    int mode,
    long uid,
    long gid,
    Instant modified,
    byte[] link,
    long deviceMajor,
    long deviceMinor,
    Map<String, byte[]> xattrs,
    long size,
    List<Extent> extents,
    ReadableByteChannel content)
    implements Entry {}
