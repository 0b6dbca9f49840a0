/** What every command is made of: {@link org.lichen.shell.base.PicoCommand}. */
package org.lichen.shell.base;
