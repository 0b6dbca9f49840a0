package org.example.lichen.broken;

import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Throws on start: such a bundle must be refused with this reason. */
public final class Broken implements BundleActivator {
  @Override
  public void start(BundleContext context) {
    throw new IllegalStateException("the sample is broken on purpose");
  }

  @Override
  public void stop(BundleContext context) {}
}
