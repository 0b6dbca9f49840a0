package org.lichen.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.plan.Records;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;

/**
 * What every launcher must do as long as nothing is started: it refuses by name what it cannot do,
 * and plans the same for the same. A plugin's test extends this class and gives its launcher and a
 * machine on which it works.
 */
public abstract class LauncherConformance {
  private static final RootfsPlan TREE =
      RootfsPlan.builder().lower(Lower.directory(Path.of("rootfs"))).build();

  protected abstract Launcher launcher();

  /** A machine on which the launcher can do everything. */
  protected abstract Host host();

  private LaunchSpec.Builder spec() {
    return LaunchSpec.builder(List.of("/bin/guest", "it's", "an argument\n"))
        .environment("NAME", "value")
        .identity(launcher().identities(host()).get(0));
  }

  private Support support(RootfsPlan rootfs, LaunchSpec spec) {
    return launcher().support(host(), rootfs, spec);
  }

  private static String reason(Support support) {
    assertThat(support).isInstanceOf(Support.Unsupported.class);
    return ((Support.Unsupported) support).reason();
  }

  @Test
  void name_isOneWord() {
    assertThat(launcher().name()).matches("[a-z][a-z0-9-]+");
  }

  @Test
  void identities_areThere() {
    assertThat(launcher().identities(host())).isNotEmpty().doesNotHaveDuplicates();
  }

  @Test
  void support_ofAPlainTree() {
    assertThat(support(TREE, spec().build()).supported()).isTrue();
  }

  @Test
  void support_ofEveryGuarantee_thatIsDeclared() {
    for (String guarantee : launcher().guarantees()) {
      assertThat(support(TREE, spec().require(guarantee).build()).supported())
          .as(guarantee)
          .isTrue();
    }
  }

  @Test
  void support_ofAnUnknownGuarantee_isRefusedByName() {
    assertThat(reason(support(TREE, spec().require("no-such-guarantee").build())))
        .contains("no-such-guarantee");
  }

  @Test
  void support_ofANewerPlan_isRefused() {
    RootfsPlan newer =
        new RootfsPlan(
            RootfsPlan.VERSION + 1,
            TREE.lowers(),
            Optional.empty(),
            Optional.empty(),
            false,
            false,
            Optional.empty());
    assertThat(reason(support(newer, spec().build()))).isNotBlank();
  }

  @Test
  void support_ofAnUnknownKindOfLower_isRefused() {
    RootfsPlan other =
        RootfsPlan.builder()
            .lower(new Lower(Path.of("rootfs"), "no-such-kind", 0, "overlay", Optional.empty()))
            .build();
    assertThat(reason(support(other, spec().build()))).isNotBlank();
  }

  @Test
  void support_onAMachineOfWhichNothingIsKnown_doesNotThrow() {
    Host bare = new FakeHost(Map.of());
    for (String identity : launcher().identities(host())) {
      Support support = launcher().support(bare, TREE, spec().identity(identity).build());
      if (support instanceof Support.Unsupported no) {
        assertThat(no.reason()).isNotBlank();
      }
    }
  }

  @Test
  void requirements_sayWhy() {
    assertThat(launcher().requirements(spec().build(), TREE))
        .allMatch(need -> !need.fact().isBlank() && !need.why().isBlank());
  }

  @Test
  void start_hasTheGuestsRecords() {
    Step step = launcher().start(spec().build(), TREE);
    guest(step);
    assertThat(step.program().resource()).isNotNull();
    assertThat(step.argv()).noneMatch(word -> word.contains("${init.pid}"));
  }

  @Test
  void enter_namesTheFirstProcess() {
    Step step = launcher().enter(spec().build());
    guest(step);
    assertThat(step.argv()).contains("${init.pid}");
  }

  /** The client adds to these (docs/FORMATS.md, 3), so every launcher has them. */
  private static void guest(Step step) {
    Records payload = Records.decode(step.payload());
    assertThat(payload.texts("argv")).containsExactly("/bin/guest", "it's", "an argument\n");
    assertThat(payload.texts("envi")).contains("NAME=value");
  }

  @Test
  void plans_areTheSameForTheSame() {
    assertThat(launcher().start(spec().build(), TREE))
        .usingRecursiveComparison()
        .isEqualTo(launcher().start(spec().build(), TREE));
    assertThat(launcher().enter(spec().build()).payload())
        .isEqualTo(launcher().enter(spec().build()).payload());
  }

  @Test
  void plans_nameNoAbsolutePathOfTheContainer() {
    Step step = launcher().start(spec().build(), TREE);
    assertThat(new String(step.payload(), java.nio.charset.StandardCharsets.ISO_8859_1))
        .doesNotContain(Path.of("rootfs").toAbsolutePath().toString());
  }
}
