/** Commands on the runtime itself. */
package org.lichen.shell.system;
