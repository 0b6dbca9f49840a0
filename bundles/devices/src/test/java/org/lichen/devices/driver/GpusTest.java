package org.lichen.devices.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lichen.api.ContainerException;

class GpusTest {
  @Test
  void values_meanWhatDockerMeansByThem() throws Exception {
    assertThat(Gpus.parse("all")).isEqualTo(Gpus.ALL);
    assertThat(Gpus.parse("-1")).isEqualTo(Gpus.ALL);
    assertThat(Gpus.parse("device=all")).isEqualTo(Gpus.ALL);
    assertThat(Gpus.parse("all,capabilities=utility")).isEqualTo(Gpus.ALL);
    assertThat(Gpus.parse("2")).isEqualTo(new Gpus(2, List.of()));
    assertThat(Gpus.parse("count=3,driver=nvidia")).isEqualTo(new Gpus(3, List.of()));
    Gpus two = new Gpus(0, List.of("0", "2"));
    assertThat(Gpus.parse("device=0,2")).isEqualTo(two);
    assertThat(Gpus.parse("\"device=0,2\"")).isEqualTo(two);
    assertThat(Gpus.parse("\"device=0,2\",\"capabilities=compute,utility\"")).isEqualTo(two);
    assertThat(Gpus.parse("device=GPU-1-2")).isEqualTo(new Gpus(0, List.of("GPU-1-2")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-2", "some", "device=", "driver=amd", "x=y", "99999"})
  void valuesWithoutMeaning_areRefused(String typed) {
    assertThatThrownBy(() -> Gpus.parse(typed))
        .isInstanceOf(ContainerException.class)
        .hasMessageStartingWith("--gpus " + typed);
  }

  @Test
  void versions_areComparedAsNumbers() {
    assertThat(Glibc.highest(List.of("GLIBC_2.9", "GLIBC_2.31", "GLIBC_2.2.5", "GLIBC_PRIVATE")))
        .contains(new Glibc(2, 31, 0));
    assertThat(Glibc.highest(List.of("GLIBC_ABI_DT_RELR", "GLIBC_2.2.5")))
        .contains(new Glibc(2, 36, 0));
    assertThat(Glibc.highest(List.of("GLIBCXX_3.4", "LIBFOO_1"))).isEmpty();
  }
}
