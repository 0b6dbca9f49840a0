package org.lichen.devices.desktop;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** One address of D-Bus (D-Bus Specification, "Server Addresses"): {@code unix:path=/run/bus}. */
record BusAddress(String transport, Map<String, String> values) {
  BusAddress {
    values = Map.copyOf(values);
  }

  /** The first of a list, which are separated by semicolons; empty if it has not that form. */
  static Optional<BusAddress> first(String list) {
    String address = list.split(";", -1)[0];
    int colon = address.indexOf(':');
    if (colon < 1) {
      return Optional.empty();
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (String pair : address.substring(colon + 1).split(",", -1)) {
      int equals = pair.indexOf('=');
      Optional<String> value = plain(pair.substring(equals + 1));
      if (equals < 1 || value.isEmpty()) {
        return Optional.empty();
      }
      values.put(pair.substring(0, equals), value.get());
    }
    return Optional.of(new BusAddress(address.substring(0, colon), values));
  }

  /** Undoes {@code %20}. */
  private static Optional<String> plain(String escaped) {
    java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
    byte[] bytes = escaped.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != '%') {
        out.write(bytes[i]);
      } else if (i + 2 < bytes.length
          && Character.digit(bytes[i + 1], 16) >= 0
          && Character.digit(bytes[i + 2], 16) >= 0) {
        out.write(Character.digit(bytes[++i], 16) * 16 + Character.digit(bytes[++i], 16));
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(out.toString(StandardCharsets.UTF_8));
  }
}
