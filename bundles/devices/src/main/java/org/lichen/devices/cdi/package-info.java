/**
 * CDI: files that say what a container needs to use a device (github.com/cncf-tags/
 * container-device-interface, SPEC.md). Start from {@link org.lichen.devices.cdi.CdiDevices}.
 */
package org.lichen.devices.cdi;
