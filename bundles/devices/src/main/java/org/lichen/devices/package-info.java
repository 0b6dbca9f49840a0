/**
 * GPUs and other devices of the host, by the names of CDI (Container Device Interface) or as the
 * driver is found. Start from {@link org.lichen.devices.DeviceContributor}.
 */
package org.lichen.devices;
