/**
 * Docker and OCI images. Start from {@link org.lichen.image.docker.DockerFormat}; {@code registry}
 * and {@code local} say where content is, {@code transfer} brings it into the store, {@code model}
 * is what it says.
 */
package org.lichen.image.docker;
