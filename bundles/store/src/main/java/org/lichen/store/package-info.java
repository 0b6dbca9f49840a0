/** Images and layers on disk. Start from {@link org.lichen.store.OciStore}. */
package org.lichen.store;
