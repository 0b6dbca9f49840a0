/**
 * The launcher that needs no namespaces. {@link org.lichen.launcher.trap.TrapLauncher} plans, the C
 * program {@code lichen-trap} executes; {@code lichen-stage} is what every process of a guest
 * begins as, and brings the engine (bundles/guest) that answers its system calls.
 */
package org.lichen.launcher.trap;
