/**
 * The launcher that needs nothing of the kernel. {@link
 * org.lichen.launcher.preload.PreloadLauncher} plans, the C program {@code lichen-preload}
 * executes; the engine and the rewriter are in bundles/guest.
 */
package org.lichen.launcher.preload;
