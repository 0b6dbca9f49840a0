package org.lichen.api.runtime;

import org.lichen.api.Support;

/** One pair of strategy and launcher, whether it can work, and whether it was chosen. */
public record Choice(String strategy, String launcher, Support support, boolean chosen) {}
