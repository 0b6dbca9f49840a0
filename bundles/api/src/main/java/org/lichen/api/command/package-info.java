/**
 * Commands of the CLI. A plugin implements {@link org.lichen.api.command.Command}; a plain Gogo
 * service in scope {@code lichen} is accepted as well.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.api.command;
