package org.lichen.itest;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.junitBundles;
import static org.ops4j.pax.exam.CoreOptions.options;
import static org.ops4j.pax.exam.CoreOptions.systemProperty;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.image.ImageFormat;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.plan.LaunchPlan;
import org.lichen.api.rootfs.FilesystemStrategy;
import org.lichen.api.runtime.ContainerRuntime;
import org.lichen.api.runtime.Plugins;
import org.lichen.api.runtime.Plugins.Plugin;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/** The distribution's bundles in a framework of their own, changed while it runs. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class PluginsIT {
  /** The boot program starts these only for the interactive shell. */
  private static final Set<String> INTERACTIVE =
      Set.of("org.apache.felix.gogo.jline", "org.apache.felix.gogo.command");

  @Inject private BundleContext framework;
  @Inject private Plugins plugins;
  @Inject private ContainerRuntime runtime;
  @Inject private LaunchPlan.Placement placement;

  @Configuration
  public Option[] distribution() throws Exception {
    Path home = Path.of(System.getProperty("itest.distribution")).toRealPath();
    Path work = Files.createDirectories(Path.of(System.getProperty("itest.work")));
    Path own = Files.createTempDirectory(work, "home");
    Path socket = Files.createTempDirectory("lichen-it"); // a path of at most 107 bytes
    socket.toFile().deleteOnExit();
    List<Option> options = new ArrayList<>();
    File[] jars = home.resolve("lib/bundles").toFile().listFiles();
    for (File jar : jars == null ? new File[0] : jars) {
      boolean interactive = INTERACTIVE.stream().anyMatch(n -> jar.getName().startsWith(n));
      options.add(
          interactive ? bundle(jar.toURI().toString()).noStart() : bundle(jar.toURI().toString()));
    }
    for (String[] pair :
        new String[][] {
          {"lichen.distribution", home.toString()},
          {"lichen.home", own.resolve("home").toString()},
          {"lichen.run", own.toString()},
          {"lichen.socket", socket.resolve("s").toString()},
          {"lichen.build", "itest"}
        }) {
      options.add(frameworkProperty(pair[0]).value(pair[1]));
      options.add(systemProperty(pair[0]).value(pair[1]));
    }
    options.add(
        systemProperty("jna.boot.library.path").value(home.resolve("lib/native").toString()));
    options.add(systemProperty("jna.nounpack").value("true"));
    options.add(systemProperty("itest.samples").value(System.getProperty("itest.samples")));
    options.add(systemProperty("itest.work").value(work.toString()));
    options.add(systemProperty("org.ops4j.pax.logging.DefaultServiceLog.level").value("WARN"));
    options.add(junitBundles());
    return options(options.toArray(new Option[0]));
  }

  private static Path temporaryJar() throws IOException {
    return Files.createTempFile(Path.of(System.getProperty("itest.work")), "changed", ".jar");
  }

  private Bundle installed(String name) {
    return Arrays.stream(framework.getBundles())
        .filter(bundle -> ("org.lichen." + name).equals(bundle.getSymbolicName()))
        .findFirst()
        .orElseThrow();
  }

  private <T> T service(Class<T> type, Bundle from) {
    ServiceReference<?>[] all = from.getRegisteredServices();
    for (ServiceReference<?> one : all == null ? new ServiceReference<?>[0] : all) {
      if (Arrays.asList((String[]) one.getProperty(Constants.OBJECTCLASS))
          .contains(type.getName())) {
        return type.cast(framework.getService(one));
      }
    }
    throw new AssertionError(from + " provides no " + type.getName());
  }

  /** Another version of a bundle, with one more byte in its native programs. */
  private Path newer(String name) throws Exception {
    Path jar = plugins.find("org.lichen." + name).orElseThrow().jar();
    return ChangedJar.of(jar, temporaryJar(), "7.0.0");
  }

  @Test
  public void everyBundle_resolvesAndStarts() {
    for (Bundle bundle : framework.getBundles()) {
      boolean fragment = bundle.getHeaders().get(Constants.FRAGMENT_HOST) != null;
      if (!fragment && !INTERACTIVE.contains(bundle.getSymbolicName())) {
        assertEquals(bundle.toString(), Bundle.ACTIVE, bundle.getState());
      }
    }
  }

  @Test
  public void plugins_areListedWithWhatTheyProvide() {
    Plugin launcher = plugins.find("org.lichen.launcher-userns").orElseThrow();
    assertEquals("distribution", launcher.origin());
    assertTrue(launcher.services().contains("Launcher"));
    assertTrue(runtime.host().all().containsKey("user-namespaces"));
  }

  @Test
  public void update_imageFormatAndStrategy_replacesTheServiceAndComesBack() throws Exception {
    for (String name : List.of("image-format-docker", "fs-extract")) {
      Class<?> type = name.equals("fs-extract") ? FilesystemStrategy.class : ImageFormat.class;
      Object before = service(type, installed(name));
      Plugin updated = plugins.install(newer(name), Optional.empty());
      assertEquals(
          "7.0.0 user active", updated.version() + " " + updated.origin() + " " + updated.state());
      assertNotEquals(before.getClass(), service(type, installed(name)).getClass());
      plugins.remove("org.lichen." + name);
      assertEquals("distribution", plugins.find("org.lichen." + name).orElseThrow().origin());
      service(type, installed(name));
    }
  }

  private Path program() throws ContainerException {
    Launcher launcher = service(Launcher.class, installed("launcher-userns"));
    return placement.place(launcher.enter(LaunchSpec.builder(List.of("true")).build()).program());
  }

  @Test
  public void update_launcher_givesItsNewProgramAPlaceOfItsOwn() throws Exception {
    Path before = program();
    plugins.install(newer("launcher-userns"), Optional.empty());
    Path after = program();
    assertNotEquals(before, after);
    assertTrue("a running container may still need it", Files.isExecutable(before));
    assertTrue(
        after.toString(),
        after.endsWith(Path.of(Digest.of(Files.readAllBytes(after)).hex(), "lichen-userns")));
    plugins.remove("launcher-userns");
    assertEquals(before, program());
  }

  @Test
  public void removal_ofTheLauncherBundle_leavesTheRuntimeUp() throws Exception {
    Bundle launcher = installed("launcher-userns");
    String location = launcher.getLocation();
    launcher.uninstall();
    assertTrue(plugins.find("org.lichen.launcher-userns").isEmpty());
    assertTrue(runtime.list().isEmpty());
    framework.getBundle(0).getBundleContext().installBundle(location).start();
    program();
  }

  @Test
  public void install_ofABundleThatThrows_isRefusedWithItsReason() throws Exception {
    List<Plugin> before = plugins.list();
    Path broken = Path.of(System.getProperty("itest.samples") + "-broken.jar");
    ContainerException refused =
        assertThrows(ContainerException.class, () -> plugins.install(broken, Optional.empty()));
    assertTrue(refused.toString(), refused.toString().contains("broken on purpose"));
    assertEquals(before, plugins.list());
  }

  @Test
  public void update_toABundleThatThrows_bringsTheOneBeforeBack() throws Exception {
    Plugin good =
        plugins.install(
            Path.of(System.getProperty("itest.samples") + "-greet.jar"), Optional.empty());
    Path bad =
        ChangedJar.renamed(
            Path.of(System.getProperty("itest.samples") + "-broken.jar"),
            temporaryJar(),
            good.name());
    assertThrows(ContainerException.class, () -> plugins.install(bad, Optional.empty()));
    assertEquals(good, plugins.find(good.name()).orElseThrow());
    plugins.remove(good.name());
  }

  @Test
  public void install_withAnotherDigest_isRefused() {
    Path jar = Path.of(System.getProperty("itest.samples") + "-greet.jar");
    ContainerException refused =
        assertThrows(
            ContainerException.class,
            () -> plugins.install(jar, Optional.of(Digest.of(new byte[0]))));
    assertSame(ContainerException.Kind.CORRUPT, refused.kind());
  }
}
