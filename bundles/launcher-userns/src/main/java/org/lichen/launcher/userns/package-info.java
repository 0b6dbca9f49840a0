/**
 * The launcher on user namespaces. {@link org.lichen.launcher.userns.UsernsLauncher} plans, the C
 * program {@code lichen-userns} executes; {@link org.lichen.launcher.userns.Payload} is what passes
 * between them.
 */
package org.lichen.launcher.userns;
