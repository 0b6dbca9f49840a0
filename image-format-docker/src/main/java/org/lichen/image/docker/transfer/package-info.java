/**
 * The way of an image into the store, whatever it is read from. Start from {@link
 * org.lichen.image.docker.transfer.ImageTransfer}.
 */
package org.lichen.image.docker.transfer;
