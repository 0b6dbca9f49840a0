package org.lichen.api.runtime;

import org.lichen.api.Support;

/**
 * One way to run a container: strategy, launcher and identity, whether it can work, and whether it
 * was chosen.
 */
public record Choice(
    String strategy, String launcher, String identity, Support support, boolean chosen) {}
