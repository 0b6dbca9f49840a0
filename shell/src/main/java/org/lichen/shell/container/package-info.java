/** Commands on containers; what a container is asked to be: {@code SpecOptions}. */
package org.lichen.shell.container;
