package org.lichen.api.launch;

import java.util.List;
import java.util.Set;

/** Capabilities by number (linux/capability.h). */
final class Capabilities {
  /** In the order of their numbers, from 0. */
  private static final List<String> NAMES =
      List.of(
          "CHOWN",
          "DAC_OVERRIDE",
          "DAC_READ_SEARCH",
          "FOWNER",
          "FSETID",
          "KILL",
          "SETGID",
          "SETUID",
          "SETPCAP",
          "LINUX_IMMUTABLE",
          "NET_BIND_SERVICE",
          "NET_BROADCAST",
          "NET_ADMIN",
          "NET_RAW",
          "IPC_LOCK",
          "IPC_OWNER",
          "SYS_MODULE",
          "SYS_RAWIO",
          "SYS_CHROOT",
          "SYS_PTRACE",
          "SYS_PACCT",
          "SYS_ADMIN",
          "SYS_BOOT",
          "SYS_NICE",
          "SYS_RESOURCE",
          "SYS_TIME",
          "SYS_TTY_CONFIG",
          "MKNOD",
          "LEASE",
          "AUDIT_WRITE",
          "AUDIT_CONTROL",
          "SETFCAP",
          "MAC_OVERRIDE",
          "MAC_ADMIN",
          "SYSLOG",
          "WAKE_ALARM",
          "BLOCK_SUSPEND",
          "AUDIT_READ",
          "PERFMON",
          "BPF",
          "CHECKPOINT_RESTORE");

  private Capabilities() {}

  /** Bit n is capability n; {@code ALL} means every one. */
  static long mask(Set<String> names) {
    if (names.contains("ALL")) {
      return (1L << NAMES.size()) - 1;
    }
    long mask = 0;
    for (String name : names) {
      int number = NAMES.indexOf(name);
      if (number < 0) {
        throw new IllegalArgumentException("capability '" + name + "' is unknown");
      }
      mask |= 1L << number;
    }
    return mask;
  }
}
