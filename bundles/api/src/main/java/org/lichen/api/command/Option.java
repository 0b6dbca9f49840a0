package org.lichen.api.command;

/**
 * An option of a command: {@code names} as they are typed, separated by commas ({@code
 * -f,--filter}); {@code value} names its value, or with spaces between them each of several, and is
 * empty for a switch; {@code help} is one line.
 */
public record Option(String names, String value, String help) {}
