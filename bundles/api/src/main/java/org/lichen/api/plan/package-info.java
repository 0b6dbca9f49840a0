/**
 * Launch plans: what the C programs execute. The encoding is {@link org.lichen.api.plan.Records};
 * the whole is {@link org.lichen.api.plan.LaunchPlan}. See docs/FORMATS.md.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.api.plan;
