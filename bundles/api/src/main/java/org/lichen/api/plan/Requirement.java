package org.lichen.api.plan;

/**
 * A fact that must hold on the machine that executes a plan; the shim tests it there
 * (docs/FORMATS.md, 2). {@code why} completes the sentence "the plan needs it …".
 */
public record Requirement(String fact, String value, String why) {}
