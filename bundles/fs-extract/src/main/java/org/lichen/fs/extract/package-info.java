/** One plain tree per container. Start from {@link org.lichen.fs.extract.ExtractStrategy}. */
package org.lichen.fs.extract;
