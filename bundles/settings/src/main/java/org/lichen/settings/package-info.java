/** Configuration of site and user: {@link org.lichen.settings.ConfigurationFiles}. */
package org.lichen.settings;
