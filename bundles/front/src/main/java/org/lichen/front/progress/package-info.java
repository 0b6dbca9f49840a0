/** Shows progress to the caller: {@link org.lichen.front.progress.ProgressDisplay}. */
package org.lichen.front.progress;
