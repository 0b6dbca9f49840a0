package org.lichen.archive;

import java.nio.channels.ReadableByteChannel;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.lichen.api.image.Entry;

/** An entry as plain values. Arrays are not copied: they belong to whoever reads the entry. */
public record TarEntry(
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
