package org.lichen.api.image;

/** One hit of a search. */
public record Found(String name, String description, long stars, boolean official) {}
