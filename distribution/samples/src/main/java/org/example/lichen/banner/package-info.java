/** {@link org.example.lichen.banner.Banner} adds to every container. */
@NullMarked
package org.example.lichen.banner;

import org.jspecify.annotations.NullMarked;
