package org.lichen.image.singularity.sif;

import java.util.Arrays;
import java.util.Optional;

/** What an object is; the words are those that singularity prints. */
public enum DataType {
  DEFINITION(0x4001, "Def.FILE"),
  ENVIRONMENT(0x4002, "Env.Vars"),
  LABELS(0x4003, "JSON.Labels"),
  PARTITION(0x4004, "FS"),
  SIGNATURE(0x4005, "Signature"),
  JSON(0x4006, "JSON.Generic"),
  GENERIC(0x4007, "Generic/Raw"),
  CRYPTOGRAPHIC(0x4008, "Cryptographic Message"),
  SBOM(0x4009, "SBOM"),
  OCI_INDEX(0x400a, "OCI.RootIndex"),
  OCI_BLOB(0x400b, "OCI.Blob");

  private final int number;
  private final String shown;

  DataType(int number, String shown) {
    this.number = number;
    this.shown = shown;
  }

  public int number() {
    return number;
  }

  static Optional<DataType> of(int number) {
    return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
  }

  @Override
  public String toString() {
    return shown;
  }
}
