/** {@code lichen expose}, {@code unexpose}, {@code init}. */
package org.lichen.calls.command;
