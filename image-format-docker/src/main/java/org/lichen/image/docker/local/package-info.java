/**
 * Images in files: OCI layouts, docker archives, skopeo's directories and root file systems. Start
 * from {@link org.lichen.image.docker.local.LocalImages}.
 */
package org.lichen.image.docker.local;
