/** Does not start: {@link org.example.lichen.broken.Broken}. */
@NullMarked
package org.example.lichen.broken;

import org.jspecify.annotations.NullMarked;
