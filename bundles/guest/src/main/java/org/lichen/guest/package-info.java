/**
 * Launchers whose containers have an engine in their own processes, which answers their system
 * calls: {@link org.lichen.guest.EngineLauncher} plans for all of them. The engine itself is C.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.guest;
