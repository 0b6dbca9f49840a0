/**
 * What a desktop session has for its programs: display, bus, keys. Start from {@link
 * org.lichen.devices.desktop.DesktopContributor}.
 */
package org.lichen.devices.desktop;
