/**
 * What tests share. A plugin's test extends one of the {@code …Conformance} suites; {@link
 * org.lichen.testkit.Needs} skips with the reason, or fails where a skip is not allowed.
 */
package org.lichen.testkit;
