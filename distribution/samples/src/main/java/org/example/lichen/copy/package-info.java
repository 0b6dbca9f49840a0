/** Strategy {@code copy}: {@link org.example.lichen.copy.CopyStrategy}. */
@NullMarked
package org.example.lichen.copy;

import org.jspecify.annotations.NullMarked;
