package org.lichen.launcher.trap;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;
import org.lichen.testkit.FakeHost;
import org.lichen.testkit.LauncherConformance;

class TrapLauncherTest extends LauncherConformance {
  private static final RootfsPlan TREE =
      RootfsPlan.builder().lower(Lower.directory(Path.of("rootfs"))).build();

  @Override
  protected Launcher launcher() {
    return new TrapLauncher();
  }

  @Override
  protected Host host() {
    return new FakeHost(Map.of("system-call-traps", "yes"));
  }

  private static LaunchSpec.Builder spec() {
    return LaunchSpec.builder(List.of("guest")).identity("full");
  }

  private Support.Unsupported refusal(LaunchSpec.Builder spec) {
    Support support = launcher().support(host(), TREE, spec.build());
    assertThat(support).isInstanceOf(Support.Unsupported.class);
    return (Support.Unsupported) support;
  }

  @Test
  void support_saysThatNothingIsIsolated() {
    for (String identity : List.of("full", "single")) {
      Support support = launcher().support(host(), TREE, spec().identity(identity).build());
      assertThat(((Support.Supported) support).limits()).anyMatch(l -> l.contains("isolated"));
    }
  }

  @Test
  void support_whatNeedsIsolation_isRefusedByName() {
    for (String guarantee :
        List.of("private-pid", "private-ipc", "host-name", "no-network", "capabilities")) {
      assertThat(refusal(spec().require(guarantee)).reason()).contains(guarantee);
    }
    assertThat(refusal(spec().init(false)).reason()).contains("--init=false");
  }

  @Test
  void support_mountOptionsThatAreNotKept_areRefusedByName() {
    for (String option : List.of("noexec", "size=1m")) {
      Mount mount = new Mount("", new GuestPath("/t"), "tmpfs", Set.of("nosuid", option));
      assertThat(refusal(spec().mount(mount)).reason()).contains(option, "/t");
    }
  }

  @Test
  void support_ofAUnionOfDirectories_isGiven_andOfOthersNot() {
    for (String kind : List.of(Lower.DIRECTORY, Lower.SQUASHFS)) {
      Lower lower = new Lower(Path.of("/layer"), kind, 0, "overlay", Optional.empty());
      RootfsPlan union =
          RootfsPlan.builder().lower(lower).upper(Path.of("upper"), Path.of("work")).build();
      Support support = launcher().support(host(), union, spec().build());
      assertThat(support instanceof Support.Supported).isEqualTo(kind.equals(Lower.DIRECTORY));
    }
  }

  @Test
  void support_ofAnotherIdentity_isRefused() {
    assertThat(refusal(spec().identity("ranges")).reason()).contains("ranges");
  }

  @Test
  void support_whereCallsCannotBeTrapped_tellsTheReason() {
    Host host = new FakeHost(Map.of("system-call-traps", "no: error 22"));
    Support support = launcher().support(host, TREE, spec().build());
    assertThat(((Support.Unsupported) support).reason()).contains("error 22");
  }

  @Test
  void start_namesTheStageThatIsPutIntoPlace() {
    assertThat(launcher().start(spec().build(), TREE).argv())
        .containsExactly("lichen-trap", "start", "${native.lichen-stage}");
  }
}
