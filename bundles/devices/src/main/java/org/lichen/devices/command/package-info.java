/** {@code lichen cdi}. Start from {@link org.lichen.devices.command.CdiCommand}. */
package org.lichen.devices.command;
