/** Launcher {@code direct}: {@link org.example.lichen.direct.DirectLauncher}. */
@NullMarked
package org.example.lichen.direct;

import org.jspecify.annotations.NullMarked;
