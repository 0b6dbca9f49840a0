package org.lichen.devices;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.Request;
import org.lichen.api.command.Option;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.launch.LaunchContributor;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launching;
import org.lichen.devices.cdi.CdiDevices;
import org.lichen.devices.cdi.CdiName;
import org.lichen.devices.cdi.Edits;
import org.lichen.devices.driver.Driver;
import org.lichen.devices.driver.Gpus;
import org.lichen.devices.driver.Vendor;
import org.osgi.service.component.annotations.Component;

/** {@code --device}, {@code --gpus}, {@code --nv} and {@code --rocm}. */
@Component
public final class DeviceContributor implements LaunchContributor {
  private static final String DEVICES = "devices";
  private static final String GPUS = "gpus";
  private static final String NV = "nv";
  private static final String ROCM = "rocm";
  private static final String IGNORE = "ignoreGlibc";
  private static final String ROOT = "gpu.driver-root";

  @Override
  public String name() {
    return "devices";
  }

  @Override
  public int order() {
    return 10;
  }

  @Override
  public List<Option> options() {
    return List.of(
        new Option(
            "--device",
            "VENDOR/CLASS=NAME|/dev/…[:GUEST]",
            "A device by its CDI name, or a node of the host."),
        new Option(
            "--gpus",
            "all|N|device=0,1",
            "GPUs of NVIDIA, with the host's driver; by index or UUID."),
        new Option("--nv", "", "As --gpus all, but a host without is only told of."),
        new Option("--rocm", "", "As --nv, for GPUs of AMD."),
        new Option(
            "--ignore-glibc",
            "",
            "Take the driver's libraries though they need a newer glibc than the image has."));
  }

  @Override
  public void ask(Map<String, List<String>> values, ContainerSpec.Builder spec, Request request)
      throws ContainerException {
    List<String> devices = values.getOrDefault("--device", List.of());
    for (String device : devices) {
      if (CdiName.parse(device).isEmpty()) {
        node(device);
      }
    }
    if (!devices.isEmpty()) {
      spec.other(DEVICES, devices);
    }
    List<String> gpus = values.getOrDefault("--gpus", List.of());
    if (!gpus.isEmpty()) {
      String last = gpus.get(gpus.size() - 1);
      Gpus.parse(last);
      spec.other(GPUS, last);
    }
    for (String word : List.of(NV, ROCM)) {
      if (values.containsKey("--" + word)) {
        spec.other(word, true);
      }
    }
    if (values.containsKey("--ignore-glibc")) {
      spec.other(IGNORE, true);
    }
  }

  @Override
  public boolean concerns(ContainerSpec container) {
    return Set.of(DEVICES, GPUS, NV, ROCM).stream().anyMatch(container.others()::containsKey);
  }

  @Override
  public void contribute(LaunchSpec.Builder launch, Launching launching) throws ContainerException {
    ContainerSpec container = launching.container();
    Additions additions = new Additions(launch, launching, container.others().containsKey(IGNORE));
    CdiDevices cdi = CdiDevices.of(launching.request());
    List<CdiName> names = new ArrayList<>();
    for (String device : container.texts(DEVICES)) {
      Optional<CdiName> name = CdiName.parse(device);
      if (name.isPresent()) {
        names.add(name.get());
      } else {
        additions.node(node(device));
      }
    }
    Object typed = container.others().get(GPUS);
    if (typed != null) {
      Gpus wanted = Gpus.parse(typed.toString());
      if (!gpus(Vendor.NVIDIA, wanted, cdi, names, additions, launching)) {
        throw new ContainerException(
            Kind.NOT_FOUND, none(Vendor.NVIDIA, launching), "--nv goes on without");
      }
    }
    for (Vendor vendor : Vendor.ALL) {
      boolean asked = container.others().containsKey(vendor.equals(Vendor.NVIDIA) ? NV : ROCM);
      if (asked && !gpus(vendor, Gpus.ALL, cdi, names, additions, launching)) {
        launching.warn(none(vendor, launching) + ", so the container gets none");
      }
    }
    additions.edits(cdi.edits(names.stream().distinct().toList()));
    additions.end();
  }

  private static String none(Vendor vendor, Launching launching) {
    Path root = root(launching);
    return "no GPU of "
        + vendor.label()
        + ": neither a CDI device "
        + vendor.kind()
        + " nor a driver in "
        + root.resolve("dev");
  }

  private static Path root(Launching launching) {
    return launching.request().path(launching.request().configuration().text(ROOT).orElse("/"));
  }

  /** By CDI, where a file tells of them; else as the driver is found. False: there is none. */
  private static boolean gpus(
      Vendor vendor,
      Gpus wanted,
      CdiDevices cdi,
      List<CdiName> names,
      Additions additions,
      Launching launching)
      throws ContainerException {
    Set<String> known = cdi.of(vendor.kind());
    if (!known.isEmpty()) {
      devices(known, wanted).forEach(device -> names.add(new CdiName(vendor.kind(), device)));
      return true;
    }
    Optional<Driver> driver = Driver.find(vendor, root(launching), wanted);
    if (driver.isPresent()) {
      if (driver.get().libraries().isEmpty()) {
        launching.warn(
            "the driver of "
                + vendor.label()
                + " has no libraries in the host's /etc/ld.so.cache: ldconfig, as root, tells the"
                + " host of them");
      }
      additions.edits(driver.get().edits());
      additions.libraries(driver.get().libraries());
    }
    return driver.isPresent();
  }

  private static List<String> devices(Set<String> known, Gpus wanted) throws ContainerException {
    if (!wanted.ids().isEmpty()) {
      return wanted.ids(); // one that is not known is told of where it is looked for
    }
    if (wanted.all()) {
      return known.contains("all") ? List.of("all") : List.copyOf(known);
    }
    List<String> numbered =
        known.stream()
            .filter(name -> name.matches("[0-9]{1,4}"))
            .sorted(Comparator.comparingInt(Integer::parseInt))
            .toList();
    if (numbered.size() < wanted.count()) {
      throw new ContainerException(
          Kind.NOT_FOUND,
          "CDI tells of " + numbered.size() + " GPUs, and " + wanted.count() + " are wanted",
          "lichen cdi list");
    }
    return numbered.subList(0, wanted.count());
  }

  /** {@code HOST[:GUEST][:PERMISSIONS]}, as podman takes it. */
  private static Edits.Node node(String typed) throws ContainerException {
    List<String> parts = new ArrayList<>(List.of(typed.split(":", -1)));
    if (parts.size() > 1 && parts.get(parts.size() - 1).matches("[rwm]{1,3}")) {
      parts.remove(parts.size() - 1); // a bind shows the node as it is; its rights are the caller's
    }
    if (parts.size() > 2 || parts.stream().anyMatch(part -> !part.startsWith("/"))) {
      throw new ContainerException(
          Kind.USAGE,
          "--device " + typed + ": neither a CDI name nor a node of the host",
          "nvidia.com/gpu=0, /dev/fuse, /dev/sdx:/dev/disk");
    }
    return new Edits.Node(
        new GuestPath(parts.get(parts.size() - 1)).value(), new GuestPath(parts.get(0)).value());
  }
}
