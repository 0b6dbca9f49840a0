/**
 * Drivers of GPUs as they are installed on the host. Start from {@link
 * org.lichen.devices.driver.Driver}.
 */
package org.lichen.devices.driver;
