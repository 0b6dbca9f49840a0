package org.lichen.image.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.apache.felix.framework.FrameworkFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.image.ImageFormat;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.ReadOptions;
import org.lichen.testkit.FakeRequest;
import org.lichen.testkit.FakeSource;
import org.lichen.testkit.Needs;
import org.lichen.testkit.RealRegistry;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;

/**
 * The bundle, as it is deployed: it resolves with exactly the bundles that the distribution has for
 * it, its component is registered, and it finds all its classes while it pulls and reads.
 */
class BundlesIT {
  /** What the distribution must deploy beside the API, by symbolic name. */
  private static final List<String> DEPLOYED =
      List.of(
          "org.apache.felix.scr",
          "org.osgi.service.component",
          "org.osgi.util.promise",
          "org.osgi.util.function",
          "org.lichen.okhttp-bundle",
          "com.fasterxml.jackson.core.jackson-databind",
          "com.fasterxml.jackson.core.jackson-core",
          "com.fasterxml.jackson.core.jackson-annotations",
          "org.apache.commons.commons-compress",
          "org.apache.commons.commons-io",
          "org.apache.commons.commons-codec",
          "org.apache.commons.lang3",
          "org.tukaani.xz",
          "com.github.luben.zstd-jni");

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  @Test
  void bundle_resolvesAndWorks() throws Exception {
    String own = System.getProperty("bundle.under.test", "");
    Needs.that(new File(own).isFile(), "the packaged bundle (mvn verify)");
    Map<String, String> settings = new HashMap<>();
    settings.put(Constants.FRAMEWORK_STORAGE, directory.resolve("cache").toString());
    settings.put(
        Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
        "org.lichen.api;version=1.0,org.lichen.api.image;version=1.0");
    Framework framework = new FrameworkFactory().newFramework(settings);
    framework.start();
    try {
      BundleContext context = framework.getBundleContext();
      List<Bundle> bundles = new ArrayList<>();
      for (String each : DEPLOYED) {
        bundles.add(context.installBundle(jar(each).toURI().toString()));
      }
      bundles.add(context.installBundle(new File(own).toURI().toString()));
      for (Bundle each : bundles) {
        each.start();
        assertThat(each.getState()).as(each.getSymbolicName()).isEqualTo(Bundle.ACTIVE);
      }
      ServiceReference<ImageFormat> reference = context.getServiceReference(ImageFormat.class);
      works(context.getService(reference));
    } finally {
      framework.stop();
      framework.waitForStop(10_000);
    }
  }

  private void works(ImageFormat format) throws Exception {
    ImageStore store = Stores.open(directory.resolve("store"));
    Path saved = directory.resolve("saved.tar");
    Fixtures.copy(Fixtures.oci(Fixtures.MUSL), "docker-archive:" + saved + ":box:1");
    for (String packer : List.of("zstd", "xz", "bzip2")) {
      Path packed = directory.resolve("saved." + packer);
      Needs.output("sh", "-c", Needs.program(packer) + " -c '" + saved + "' > '" + packed + "'");
      read(format, FakeSource.file("docker-archive", packed), store);
    }
    try (RealRegistry registry = RealRegistry.in(directory.resolve("registry")).start()) {
      registry.push(Fixtures.oci(Fixtures.MUSL), "box:1");
      read(format, FakeSource.registry(registry.host() + "/box:1"), store);
    }
  }

  private void read(ImageFormat format, FakeSource source, ImageStore store) throws Exception {
    try (ImageStore.Writer writer = store.writer()) {
      assertThat(format.read(source, ReadOptions.DEFAULT, writer, FakeRequest.in(directory)))
          .hasSize(1);
    }
  }

  private static File jar(String symbolicName) throws Exception {
    for (String each : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      if (each.endsWith(".jar")) {
        try (JarFile jar = new JarFile(each)) {
          Optional<Manifest> manifest = Optional.ofNullable(jar.getManifest());
          String name =
              manifest
                  .map(m -> m.getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME))
                  .orElse("");
          if (name.split(";", -1)[0].strip().equals(symbolicName)) {
            return new File(each);
          }
        }
      }
    }
    throw new AssertionError("not on the class path: " + symbolicName);
  }
}
