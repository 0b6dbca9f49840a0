/** What containers can be changed in, also while they run: one class for each type of setting. */
package org.lichen.runtime.setting;
