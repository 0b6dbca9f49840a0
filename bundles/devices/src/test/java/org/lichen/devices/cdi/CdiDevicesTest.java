package org.lichen.devices.cdi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.testkit.FakeRequest;

class CdiDevicesTest {
  private static final CdiName ONE = CdiName.parse("example.com/thing=one").orElseThrow();
  private static final CdiName TWO = CdiName.parse("example.com/thing=two").orElseThrow();

  @TempDir Path site;
  @TempDir Path user;

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text);
  }

  private static String devices(String variable) {
    return """
        cdiVersion: "0.6.0"
        kind: example.com/thing
        containerEdits: {env: [ALL=1]}
        devices:
        - {name: one, containerEdits: {env: [ONE=%s]}}
        - {name: two, containerEdits: {deviceNodes: [{path: /dev/two}], additionalGids: [44]}}
        """
        .formatted(variable);
  }

  @Test
  void edits_haveWhatTheFileSaysOfAllOnceAndFirst() throws Exception {
    write(site.resolve("a.yaml"), devices("a"));
    Edits edits = CdiDevices.read(List.of(site)).edits(List.of(ONE, TWO));
    assertThat(edits.variables()).containsExactly("ALL=1", "ONE=a");
    assertThat(edits.nodes()).containsExactly(new Edits.Node("/dev/two", "/dev/two"));
    assertThat(edits.groups()).containsExactly(44L);
  }

  @Test
  void json_isTheSame() throws Exception {
    write(
        site.resolve("nvidia.json"),
        """
        {"cdiVersion": "1.0.0", "kind": "nvidia.com/gpu", "annotations": {},
         "devices": [{"name": "0", "containerEdits": {
           "deviceNodes": [{"path": "/dev/nvidia0", "hostPath": "/x/nvidia0", "type": "c", "major": 195,
             "fileMode": 438, "permissions": "rw"}],
           "mounts": [{"hostPath": "/l/libcuda.so.1", "containerPath": "/m/libcuda.so.1",
             "options": ["ro", "rbind"]}],
           "hooks": [{"hookName": "createContainer", "path": "/usr/bin/nvidia-ctk",
             "args": ["nvidia-ctk", "hook", "update-ldcache", "--folder", "/m"]}]}}]}
        """);
    Edits edits = CdiDevices.read(List.of(site)).edits(List.of(new CdiName("nvidia.com/gpu", "0")));
    assertThat(edits.nodes()).containsExactly(new Edits.Node("/dev/nvidia0", "/x/nvidia0"));
    assertThat(edits.mounts())
        .containsExactly(
            new Edits.Bind("/l/libcuda.so.1", "/m/libcuda.so.1", "bind", List.of("ro", "rbind")));
    assertThat(edits.hooks()).hasSize(1);
  }

  @Test
  void aLaterDirectory_wins() throws Exception {
    write(site.resolve("a.yaml"), devices("site"));
    write(
        user.resolve("b.yaml"),
        """
        cdiVersion: "0.3.0"
        kind: example.com/thing
        devices: [{name: one, containerEdits: {env: [ONE=user]}}]
        """);
    CdiDevices devices = CdiDevices.read(List.of(site, user));
    assertThat(devices.edits(List.of(ONE)).variables()).containsExactly("ONE=user");
    assertThat(devices.edits(List.of(TWO)).variables()).containsExactly("ALL=1");
    assertThat(devices.of("example.com/thing")).containsExactly("one", "two");
  }

  @Test
  void twoOfADirectory_areNoneUnlessALaterDirectoryHasOne() throws Exception {
    write(site.resolve("a.yaml"), devices("a"));
    write(site.resolve("b.yaml"), devices("b"));
    assertThatThrownBy(() -> CdiDevices.read(List.of(site)).edits(List.of(ONE)))
        .hasMessageContaining("a.yaml")
        .hasMessageContaining("b.yaml")
        .satisfies(e -> assertThat(((ContainerException) e).kind()).isEqualTo(Kind.CONFLICT));
    write(user.resolve("c.yaml"), devices("c"));
    assertThat(CdiDevices.read(List.of(site, user)).edits(List.of(ONE)).variables())
        .containsExactly("ALL=1", "ONE=c");
  }

  @Test
  void anUnknownDevice_isToldWithThoseThatThereAre() throws Exception {
    write(site.resolve("a.yaml"), devices("a"));
    CdiName other = new CdiName("example.com/thing", "three");
    assertThatThrownBy(() -> CdiDevices.read(List.of(site)).edits(List.of(other)))
        .hasMessageContaining("example.com/thing=three")
        .satisfies(
            e ->
                assertThat(((ContainerException) e).hint())
                    .contains("example.com/thing=one, example.com/thing=two"));
  }

  @Test
  void aBrokenFile_takesNothingFromOthers() throws Exception {
    write(site.resolve("a.yaml"), devices("a"));
    write(site.resolve("b.json"), "{\n\"cdiVersion\": \"0.6.0\",\n}");
    CdiDevices devices = CdiDevices.read(List.of(site));
    assertThat(devices.edits(List.of(ONE)).variables()).contains("ONE=a");
    assertThat(devices.failures()).hasSize(1);
    assertThat(devices.failures().get(0))
        .hasMessageContaining("b.json")
        .hasMessageContaining("line 3");
    assertThatThrownBy(() -> devices.edits(List.of(new CdiName("other.com/x", "y"))))
        .hasMessageContaining("b.json");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "kind: a.com/b| cdiVersion: it is missing",
        "cdiVersion: \"9.0\"| cdiVersion: '9.0' is not a version",
        "[1, 2]| the whole: it is not a map",
        "{cdiVersion: 0.6.0, kind: nothing}| kind: 'nothing' is not VENDOR/CLASS",
        "{cdiVersion: 0.6.0, kind: a.com/b}| devices: it is missing",
        "{cdiVersion: 0.6.0, kind: a.com/b, device: []}| no such field in CDI: device",
        "{cdiVersion: 0.6.0, kind: a.com/b, devices: [{name: x}]}| devices[0].containerEdits: it is missing",
        "{cdiVersion: 0.6.0, kind: a.com/b, devices: [{name: x/y, containerEdits: {}}]}| devices[0].name: 'x/y'",
        "{cdiVersion: 0.6.0, kind: a.com/b, devices: [{name: x, containerEdits: {env: [NOTHING]}}]}| devices[0].containerEdits.env[0]: 'NOTHING' is not NAME=VALUE",
        "{cdiVersion: 0.6.0, kind: a.com/b, devices: [{name: x, containerEdits: {env: NO}}]}| devices[0].containerEdits.env: it is not a list",
        "{cdiVersion: 0.6.0, kind: a.com/b, devices: [{name: x, containerEdits: {mounts: [{hostPath: a, containerPath: /b}]}}]}| mounts[0].hostPath: 'a' is not an absolute path",
        "{cdiVersion: 0.6.0, kind: a.com/b, devices: [{name: x, containerEdits: {additionalGids: [x]}}]}| additionalGids[0]: it is not a whole number",
        "{cdiVersion: 0.6.0, kind: a.com/b, devices: [{name: x, containerEdits: {}}, {name: x, containerEdits: {}}]}| 'x' is there twice",
        "{cdiVersion: 0.6.0, cdiVersion: 0.6.0}| duplicate key",
      })
  void wrongFiles_areRefusedWithTheField(String text, String why) throws Exception {
    write(site.resolve("x.yaml"), text);
    CdiDevices devices = CdiDevices.read(List.of(site));
    assertThat(devices.failures()).hasSize(1);
    assertThat(devices.failures().get(0)).hasMessageContaining("x.yaml").hasMessageContaining(why);
  }

  @ParameterizedTest
  @CsvSource({
    "nvidia.com/gpu=0,true",
    "nvidia.com/gpu=GPU-1-2:3,true",
    "vendor/class=a.b,true",
    "nvidia.com/gpu,false",
    "/dev/fuse,false",
    "1a.com/gpu=0,false",
    "a.com/g.pu=0,false",
    "a.com/gpu=,false",
    "a.com/gpu=-x,false",
    "a.com/gpu=x-,false"
  })
  void names_areThoseOfTheSpecification(String text, boolean good) {
    assertThat(CdiName.parse(text).isPresent()).isEqualTo(good);
  }

  @Test
  void directories_areOfTheConfigurationOrTheUser() throws Exception {
    write(user.resolve("a.yaml"), devices("set"));
    FakeRequest request =
        FakeRequest.in(site)
            .configured(Map.of("cdi", Map.of("spec-dirs", List.of(user.toString()))));
    assertThat(CdiDevices.of(request).all()).containsKey("example.com/thing=one");
    Files.createDirectories(site.resolve(".config/lichen/cdi"));
    write(site.resolve(".config/lichen/cdi/b.yaml"), devices("own"));
    assertThat(CdiDevices.of(FakeRequest.in(site)).edits(List.of(ONE)).variables())
        .contains("ONE=own");
  }
}
