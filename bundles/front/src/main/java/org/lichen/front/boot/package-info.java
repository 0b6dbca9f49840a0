/**
 * Starts the OSGi framework; outside any bundle. {@link org.lichen.front.boot.Main} is the JVM's.
 */
package org.lichen.front.boot;
