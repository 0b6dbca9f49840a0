package org.lichen.shell.base;

/** A command as help lists it. */
public record CommandEntry(String name, String group, String summary) {}
