package org.lichen.guest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;
import org.lichen.testkit.Golden;

/** What the program is told, as text (src/test/golden). */
class PayloadTest {
  private static final RootfsPlan TREE =
      RootfsPlan.builder().lower(Lower.directory(Path.of("rootfs"))).build();

  private static LaunchSpec.Builder plain() {
    return LaunchSpec.builder(List.of("sh", "-c", "id")).identity("full");
  }

  private static void golden(String name, byte[] payload) throws IOException {
    Golden.assertThatText(name, Golden.text(payload));
  }

  @Test
  void start_plain() throws IOException {
    golden("start_plain", Payload.start(plain().build(), TREE));
  }

  @Test
  void start_everything() throws IOException {
    LaunchSpec spec =
        plain()
            .environment("A", "b c")
            .directory("/work")
            .user("1000:1000")
            .mount(new Mount("/data", new GuestPath("/mnt"), "bind", Set.of("ro")))
            .mount(new Mount("", new GuestPath("/tmp"), "tmpfs", Set.of("nosuid", "nodev")))
            .file("/etc/hosts", "127.0.0.1\tlocalhost\n".getBytes(StandardCharsets.UTF_8))
            .copy("/etc/resolv.conf", "/etc/resolv.conf")
            .capability("CHOWN")
            .limit("nofile", "1024:4096")
            .terminal(true)
            .build();
    golden(
        "start_everything",
        Payload.start(
            spec,
            RootfsPlan.builder()
                .lower(Lower.directory(Path.of("rootfs")))
                .owners(Path.of("owners"))
                .readOnly(true)
                .build()));
  }

  @Test
  void enter_plain() throws IOException {
    golden("enter_plain", Payload.enter(plain().terminal(true).build()));
  }
}
