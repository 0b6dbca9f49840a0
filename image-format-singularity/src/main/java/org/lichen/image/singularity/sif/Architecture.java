package org.lichen.image.singularity.sif;

import java.util.Arrays;
import java.util.Optional;

/** Codes of architectures, as two digits (sylabs/sif, "HdrArch"), by Go's names. */
public enum Architecture {
  I386("01", "386"),
  AMD64("02", "amd64"),
  ARM("03", "arm"),
  ARM64("04", "arm64"),
  PPC64("05", "ppc64"),
  PPC64LE("06", "ppc64le"),
  MIPS("07", "mips"),
  MIPSLE("08", "mipsle"),
  MIPS64("09", "mips64"),
  MIPS64LE("10", "mips64le"),
  S390X("11", "s390x"),
  RISCV64("12", "riscv64");

  private final String code;
  private final String go;

  Architecture(String code, String go) {
    this.code = code;
    this.go = go;
  }

  public String code() {
    return code;
  }

  /** As OCI images call it. */
  public String go() {
    return go;
  }

  /** Empty: the code says nothing ({@code 00}), or nothing that is known. */
  public static Optional<Architecture> ofCode(String code) {
    return Arrays.stream(values()).filter(each -> each.code.equals(code)).findFirst();
  }

  public static Optional<Architecture> ofGo(String name) {
    return Arrays.stream(values()).filter(each -> each.go.equals(name)).findFirst();
  }
}
