/** Plugins: {@link org.lichen.plugins.PluginFolder} keeps the jars and the framework in step. */
package org.lichen.plugins;
