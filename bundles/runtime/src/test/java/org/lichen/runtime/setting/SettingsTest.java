package org.lichen.runtime.setting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lichen.api.ContainerException;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.container.Settings;
import org.lichen.api.launch.AccessRule;
import org.lichen.api.launch.LaunchSetting;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.testkit.FakeRequest;

class SettingsTest {
  @TempDir Path home;

  private Settings set(LaunchSetting type, String name, String... values)
      throws ContainerException {
    LaunchSetting.Entry entry = type.entry(name, List.of(values), FakeRequest.in(home));
    return new Settings(Map.of()).with(type.type(), entry.name(), entry.values());
  }

  private LaunchSpec launched(LaunchSetting type, String name, String... values)
      throws ContainerException {
    LaunchSpec.Builder launch = LaunchSpec.builder(List.of("x"));
    type.contribute(set(type, name, values), launch);
    return launch.build();
  }

  private void refused(LaunchSetting type, String name, String... values) {
    assertThrows(ContainerException.class, () -> set(type, name, values));
  }

  @Test
  void aMapIsAMount_ofARealPathOfTheHost_seenFromTheCaller() throws Exception {
    Path data = Files.createDirectory(home.resolve("data"));
    assertEquals(
        List.of(new Mount(data.toString(), new GuestPath("/a/b"), "bind", Set.of("ro"))),
        launched(new AddMap(), "/a/x/../b/", "data:ro").mounts());
    refused(new AddMap(), "relative", "data");
    refused(new AddMap(), "/", "data");
    refused(new AddMap(), "/a", "none");
    refused(new AddMap(), "/a", "data", "data");
  }

  @Test
  void aVariableIsTakenAsItIs() throws Exception {
    assertEquals(List.of("A=b;c d=e"), launched(new AddEnv(), "A", "b;c d=e").environment());
    assertEquals(List.of("A="), launched(new AddEnv(), "A", "").environment());
    refused(new AddEnv(), "", "x");
    refused(new AddEnv(), "A=B", "x");
    refused(new AddEnv(), "A".repeat(256), "x");
  }

  @Test
  void rulesAskForALauncherThatKeepsThem() throws Exception {
    LaunchSpec spec = launched(new AddDenyPriv(), "/bin/cat", "/data", "/etc/");
    assertEquals(
        List.of(
            new AccessRule(new GuestPath("/bin/cat"), new GuestPath("/data"), false),
            new AccessRule(new GuestPath("/bin/cat"), new GuestPath("/etc"), false)),
        spec.rules());
    assertTrue(spec.requires().contains(AccessRule.GUARANTEE));
    assertTrue(launched(new AddAllowPriv(), "/", "/data").rules().get(0).allowed());
    refused(new AddDenyPriv(), "cat", "/data");
    refused(new AddAllowPriv(), "/bin/cat", "data");
  }

  @Test
  void aPrivilegeIsAMountThatOnlyOneProgramMayHave() throws Exception {
    GuestPath data = new GuestPath(Files.createDirectory(home.resolve("data")).toString());
    LaunchSpec spec = launched(new AddPrivilege(), "/bin/cat", "data");
    assertEquals(List.of(new Mount(data.value(), data, "bind", Set.of())), spec.mounts());
    assertEquals(
        Set.of(
            new AccessRule(new GuestPath("/bin/cat"), data, true),
            new AccessRule(GuestPath.ROOT, data, false)),
        Set.copyOf(spec.rules()));
    refused(new AddPrivilege(), "/bin/cat", "none");
  }

  @Test
  void aUserIsItsOwnName_andDefaultIsNone() throws Exception {
    assertEquals("alice", launched(new ChangeUser(), "alice").user());
    assertEquals("", launched(new ChangeUser(), "default").user());
    refused(new ChangeUser(), "alice", "bob");
  }

  @Test
  void aCommandOfTheHostIsANameOrAnAbsolutePath() throws Exception {
    Path tool = Files.createFile(home.resolve("tool"));
    assertEquals(
        List.of(tool.toString()),
        set(new AddExec(), "/bin/tool", "./tool").values("add_exec", "/bin/tool"));
    assertEquals(
        List.of("squeue"), set(new AddExec(), "/bin/q", "squeue").values("add_exec", "/bin/q"));
    refused(new AddExec(), "tool", "squeue");
    refused(new AddExec(), "/bin/", "squeue");
    refused(new AddExec(), "/bin/q", "");
    refused(new AddExec(), "/bin/q", "./none");
  }

  @Test
  void everyTypeSaysWhatItIs_andWhen() {
    for (LaunchSetting each :
        List.of(
            new AddMap(),
            new AddEnv(),
            new AddExec(),
            new AddDenyPriv(),
            new AddAllowPriv(),
            new AddPrivilege(),
            new ChangeUser())) {
      assertTrue(each.type().matches("[a-z]+_[a-z_]+"), each.type());
      assertTrue(each.summary().startsWith("NAME is a "), each.summary());
      assertTrue(!each.effective().isEmpty() && !each.effective().endsWith("."), each.effective());
    }
  }
}
