package org.lichen.launcher.userns;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.launch.RootEmulation;
import org.lichen.api.plan.NativePart;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;
import org.lichen.testkit.FakeHost;
import org.lichen.testkit.LauncherConformance;

class UsernsLauncherTest extends LauncherConformance {
  @Override
  protected Launcher launcher() {
    return new UsernsLauncher(List.of(new Emulation(Support.yes())));
  }

  @Override
  protected Host host() {
    return with("kernel-overlay", "overlay-home");
  }

  private static Host with(String... more) {
    Map<String, String> facts = new HashMap<>();
    for (String fact :
        List.of(
            "user-namespaces",
            "seccomp",
            "id-supervisor",
            "private-pids",
            "private-network",
            "cgroup-namespaces")) {
      facts.put(fact, "yes");
    }
    for (String fact :
        List.of(
            "kernel-overlay",
            "overlay-home",
            "fuse-overlayfs",
            "fuse-home",
            "squashfuse",
            "subordinate-ids",
            "owners-home")) {
      facts.put(fact, "no: not on " + fact);
    }
    List.of(more).forEach(fact -> facts.put(fact, "yes"));
    return new FakeHost(facts);
  }

  private static Lower lower(String whiteouts) {
    return new Lower(Path.of("/l/fs"), Lower.DIRECTORY, 0, whiteouts, Optional.of(Path.of("/l/i")));
  }

  private static Support union(Host host, String upper, String whiteouts) {
    RootfsPlan plan =
        RootfsPlan.builder().lower(lower(whiteouts)).upper(Path.of(upper), Path.of("work")).build();
    LaunchSpec spec = LaunchSpec.builder(List.of("guest")).identity("single").build();
    return new UsernsLauncher(List.of()).support(host, plan, spec);
  }

  private static Support.Unsupported refusal(Support support) {
    assertThat(support).isInstanceOf(Support.Unsupported.class);
    return (Support.Unsupported) support;
  }

  @Test
  void ranges_inAHomeThatTakesNoOtherOwners_areNotChosen_andRefused() {
    UsernsLauncher launcher = new UsernsLauncher(List.of());
    RootfsPlan plan =
        RootfsPlan.builder()
            .lower(lower("overlay"))
            .upper(Path.of("upper"), Path.of("work"))
            .build();
    LaunchSpec spec = LaunchSpec.builder(List.of("guest")).identity("ranges").build();
    Host nfs = with("kernel-overlay", "overlay-home", "subordinate-ids");
    assertThat(launcher.identities(nfs)).doesNotContain("ranges");
    assertThat(refusal(launcher.support(nfs, plan, spec)).reason()).contains("not on owners-home");
    Host local = with("kernel-overlay", "overlay-home", "subordinate-ids", "owners-home");
    assertThat(launcher.identities(local)).startsWith("ranges");
    assertThat(launcher.support(local, plan, spec).supported()).isTrue();
  }

  @Test
  void union_byTheKernel_hasNoLimits() {
    Host host = with("kernel-overlay", "overlay-home", "fuse-overlayfs");
    assertThat(union(host, "upper", "overlay")).isEqualTo(Support.yes());
  }

  @Test
  void union_whereTheKernelCannot_isFuse() {
    for (Host host :
        List.of(
            with("fuse-overlayfs", "fuse-home"),
            with("kernel-overlay", "fuse-overlayfs", "fuse-home"))) {
      assertThat(((Support.Supported) union(host, "upper", "overlay")).limits())
          .anyMatch(limit -> limit.contains("fuse-overlayfs"));
    }
  }

  @Test
  void union_withoutAny_isRefusedWithBothReasons() {
    Support.Unsupported no = refusal(union(with(), "upper", "overlay"));
    assertThat(no.reason()).contains("not on kernel-overlay", "not on fuse-overlayfs");
    assertThat(no.remedy()).contains("5.11");
  }

  @Test
  void union_inAHomeThatCannotHoldIt_isRefusedUnlessTheUpperIsElsewhere() {
    Host host = with("kernel-overlay");
    Support.Unsupported no = refusal(union(host, "upper", "overlay"));
    assertThat(no.reason()).contains("not on overlay-home");
    assertThat(no.remedy()).contains("--upper");
    assertThat(union(host, "local/upper", "overlay").supported()).isTrue();
    host = with("kernel-overlay", "fuse-overlayfs");
    no = refusal(union(host, "upper", "overlay"));
    assertThat(no.reason()).contains("not on overlay-home", "not on fuse-home");
    assertThat(no.remedy()).contains("--upper");
    assertThat(union(host, "local/upper", "overlay").supported()).isTrue();
  }

  @Test
  void union_ofLayersThatHideByNames_needsFuse() {
    Support.Unsupported no =
        refusal(union(with("kernel-overlay", "overlay-home"), "upper", "aufs"));
    assertThat(no.reason()).contains("not on fuse-overlayfs");
    assertThat(no.remedy()).contains("--home");
    assertThat(union(with("fuse-overlayfs", "fuse-home"), "upper", "aufs").supported()).isTrue();
  }

  @Test
  void squashfs_needsSquashfuse() {
    Lower packed = new Lower(Path.of("/a.sif"), Lower.SQUASHFS, 4096, "overlay", Optional.empty());
    RootfsPlan plan =
        RootfsPlan.builder().lower(packed).upper(Path.of("upper"), Path.of("work")).build();
    LaunchSpec spec = LaunchSpec.builder(List.of("guest")).identity("single").build();
    UsernsLauncher launcher = new UsernsLauncher(List.of());
    Host without = with("kernel-overlay", "overlay-home");
    Support.Unsupported no = refusal(launcher.support(without, plan, spec));
    assertThat(no.reason()).contains("not on squashfuse");
    assertThat(no.remedy()).contains("install squashfuse");
    Host host = with("kernel-overlay", "overlay-home", "squashfuse");
    assertThat(launcher.support(host, plan, spec).supported()).isTrue();
  }

  private static final RootfsPlan TREE =
      RootfsPlan.builder().lower(Lower.directory(Path.of("rootfs"))).build();

  private static final LaunchSpec FULL =
      LaunchSpec.builder(List.of("guest")).identity("full").build();

  private record Emulation(Support here) implements RootEmulation {
    @Override
    public Support support(Host host) {
      return here;
    }

    @Override
    public NativePart program() {
      return NativePart.placed(Path.of("/p/emulator"));
    }

    @Override
    public NativePart stage() {
      return NativePart.placed(Path.of("/p/stage"));
    }
  }

  @Test
  void full_isLast_andNeedsWhoEmulates() {
    assertThat(launcher().identities(host())).endsWith("single", "full");
    Launcher alone = new UsernsLauncher(List.of());
    assertThat(alone.identities(host())).doesNotContain("full");
    assertThat(refusal(alone.support(host(), TREE, FULL)).reason()).contains("full");
    Launcher unable = new UsernsLauncher(List.of(new Emulation(Support.no("not here", ""))));
    assertThat(refusal(unable.support(host(), TREE, FULL)).reason()).isEqualTo("not here");
  }

  @Test
  void full_onSharedLayers_isRefusedWithTheRemedy() {
    Lower lower =
        new Lower(Path.of("/l/fs"), Lower.DIRECTORY, 0, "overlay", Optional.of(Path.of("/l/i")));
    RootfsPlan union =
        RootfsPlan.builder().lower(lower).upper(Path.of("upper"), Path.of("work")).build();
    assertThat(refusal(launcher().support(host(), union, FULL)).remedy()).contains("extract");
  }

  @Test
  void full_startNamesThePrograms() {
    assertThat(launcher().start(FULL, TREE).argv())
        .containsExactly("lichen-userns", "start", "${native.emulator}", "${native.stage}");
    assertThat(launcher().enter(FULL).argv())
        .containsExactly("lichen-userns", "enter", "${init.pid}");
  }
}
