package org.lichen.shell.base;

import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Images;
import org.lichen.api.runtime.ContainerRuntime;
import org.lichen.api.runtime.Plugins;

/** What commands work with. */
public record Services(
    ContainerRuntime runtime,
    Images images,
    ImageStore store,
    Plugins plugins,
    String home,
    String version,
    String build) {}
