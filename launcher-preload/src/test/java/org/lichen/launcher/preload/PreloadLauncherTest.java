package org.lichen.launcher.preload;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;
import org.lichen.testkit.FakeHost;
import org.lichen.testkit.LauncherConformance;

/** What it has in common with other engine launchers is tested with launcher-trap. */
class PreloadLauncherTest extends LauncherConformance {
  private static final RootfsPlan TREE =
      RootfsPlan.builder().lower(Lower.directory(Path.of("rootfs"))).build();

  @Override
  protected Launcher launcher() {
    return new PreloadLauncher();
  }

  @Override
  protected Host host() {
    return new FakeHost(Map.of("rewritten-code", "yes", "preload-symbols", "yes"));
  }

  private static LaunchSpec spec() {
    return LaunchSpec.builder(List.of("guest")).identity("full").build();
  }

  @Test
  void support_asksNothingOfTheKernel() {
    assertThat(launcher().support(host(), TREE, spec())).isInstanceOf(Support.Supported.class);
  }

  @Test
  void support_whereCodeCannotBeRewritten_tellsTheReason() {
    Host host = new FakeHost(Map.of("rewritten-code", "no: permission denied"));
    Support support = launcher().support(host, TREE, spec());
    assertThat(((Support.Unsupported) support).reason()).contains("permission denied");
  }

  @Test
  void start_namesTheStageThatIsPutIntoPlace() {
    assertThat(launcher().start(spec(), TREE).argv())
        .containsExactly("lichen-preload", "start", "${native.lichen-stage}");
  }

  @Test
  void start_withTheEngineSymbols_namesTheLibraryToo() {
    LaunchSpec spec =
        LaunchSpec.builder(List.of("guest"))
            .identity("full")
            .require(PreloadLauncher.SYMBOLS)
            .build();
    assertThat(launcher().start(spec, TREE).argv())
        .containsExactly(
            "lichen-preload", "start", "${native.lichen-stage}", "${native.liblichen-preload.so}");
    assertThat(launcher().requirements(spec, TREE))
        .extracting(requirement -> requirement.fact())
        .contains("preload-symbols")
        .doesNotContain("rewritten-code");
  }
}
