/** Commands on images. */
package org.lichen.shell.image;
