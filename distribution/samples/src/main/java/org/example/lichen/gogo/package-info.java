/** {@code lichen shout}, as Gogo has it: {@link org.example.lichen.gogo.Shout}. */
@NullMarked
package org.example.lichen.gogo;

import org.jspecify.annotations.NullMarked;
