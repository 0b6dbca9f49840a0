/**
 * What every part of Lichen shares: values, errors, and the {@link org.lichen.api.Request} that a
 * command is. Start from {@link org.lichen.api.Request} and {@link org.lichen.api.Support}.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.api;
