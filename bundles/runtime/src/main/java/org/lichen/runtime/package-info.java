/**
 * The life cycle of containers. Start from {@link org.lichen.runtime.Containers}; what is chosen
 * for a container is decided in {@link org.lichen.runtime.Chooser}, what is executed in {@link
 * org.lichen.runtime.Planner}.
 */
package org.lichen.runtime;
