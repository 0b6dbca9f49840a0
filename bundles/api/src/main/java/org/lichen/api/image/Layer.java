package org.lichen.api.image;

import org.lichen.api.Digest;

/** One layer: {@code digest} of the blob as transferred, {@code diffId} of the tar, blob size. */
public record Layer(Digest digest, Digest diffId, long size, String mediaType) {}
