/** {@link org.example.lichen.lustre.LustreFacts} finds out about a cluster's file system. */
@NullMarked
package org.example.lichen.lustre;

import org.jspecify.annotations.NullMarked;
