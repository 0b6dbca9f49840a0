/**
 * Calls between containers and their host. {@link org.lichen.calls.Exposures} keeps which programs
 * of containers are commands of the host; the client carries such a command out without us
 * (docs/FORMATS.md, 6).
 */
package org.lichen.calls;
