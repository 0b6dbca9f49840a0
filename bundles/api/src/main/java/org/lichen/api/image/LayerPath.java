package org.lichen.api.image;

import java.nio.file.Path;
import org.lichen.api.Digest;

/**
 * One unpacked layer: {@code directory} holds the files, {@code index} what the image says about
 * them ({@code layer.json}), {@code whiteouts} their encoding: {@code overlay} or {@code aufs}.
 */
public record LayerPath(Digest diffId, Path directory, Path index, String whiteouts) {}
