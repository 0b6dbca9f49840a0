package org.lichen.shell.base;

import java.util.List;
import java.util.function.Supplier;
import org.lichen.api.container.Setting;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Images;
import org.lichen.api.launch.HostProfile;
import org.lichen.api.launch.LaunchContributor;
import org.lichen.api.runtime.ContainerRuntime;
import org.lichen.api.runtime.Plugins;

/** What commands work with. */
public record Services(
    ContainerRuntime runtime,
    Images images,
    ImageStore store,
    Plugins plugins,
    Supplier<List<Setting>> settings,
    Supplier<List<HostProfile>> hostProfiles,
    Supplier<List<LaunchContributor>> contributors,
    String home,
    String version,
    String build) {}
