package org.lichen.runtime;

import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lichen.api.host.Facts;
import org.lichen.api.host.Host;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/**
 * Holds the facts of the host, probed on first use and again when a bundle brings or takes facts.
 */
@Component(service = HostFacts.class)
public final class HostFacts {
  private final NativeStore natives;
  private volatile List<Facts> sources = List.of();
  private volatile @Nullable Host probed;

  @Activate
  public HostFacts(BundleContext framework) {
    natives = new NativeStore(Home.of(framework));
  }

  @Reference(
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY,
      cardinality = org.osgi.service.component.annotations.ReferenceCardinality.MULTIPLE)
  void addFacts(Facts source) {
    change(source, true);
  }

  void removeFacts(Facts source) {
    change(source, false);
  }

  private synchronized void change(Facts source, boolean add) {
    List<Facts> changed = new java.util.ArrayList<>(sources);
    if (add) {
      changed.add(source);
    } else {
      changed.remove(source);
    }
    sources = List.copyOf(changed);
    probed = null;
  }

  /** The facts; thread-safe. */
  public synchronized Host host() {
    Host known = probed;
    if (known == null) {
      known = new ProbedHost(() -> sources, natives, Clock.systemUTC());
      probed = known;
    }
    return known;
  }
}
