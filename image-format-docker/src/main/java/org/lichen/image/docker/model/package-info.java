/**
 * Manifests, indexes and configurations as they come from outside, checked field by field. Start
 * from {@link org.lichen.image.docker.model.Document}.
 */
package org.lichen.image.docker.model;
