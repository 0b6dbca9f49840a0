/** Image format {@code tiny}: {@link org.example.lichen.tiny.TinyFormat}. */
@NullMarked
package org.example.lichen.tiny;

import org.jspecify.annotations.NullMarked;
