/** {@code lichen greet}: {@link org.example.lichen.greet.Greet}. */
@NullMarked
package org.example.lichen.greet;

import org.jspecify.annotations.NullMarked;
