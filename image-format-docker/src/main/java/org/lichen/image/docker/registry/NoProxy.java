package org.lichen.image.docker.registry;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;

/**
 * The hosts of {@code no_proxy}: {@code *}, a name (with all below it), {@code .name}, an address,
 * a range {@code 10.0.0.0/8}; a port may follow.
 */
final class NoProxy {
  private final List<String> entries;

  NoProxy(String variable) {
    entries = List.of(variable.toLowerCase(Locale.ROOT).strip().split("[,\\s]+", -1));
  }

  boolean match(String host, int port) {
    String name = host.toLowerCase(Locale.ROOT).replaceAll("^\\[|]$", "");
    return entries.stream().anyMatch(entry -> match(entry, name, port));
  }

  private static boolean match(String entry, String name, int port) {
    String own = entry;
    if (entry.matches("[^:]+:[0-9]+")) {
      if (!entry.endsWith(":" + port)) {
        return false;
      }
      own = entry.substring(0, entry.indexOf(':'));
    }
    if (own.isEmpty() || name.isEmpty()) {
      return false;
    }
    if (own.equals("*") || (own.contains("/") && within(own, name))) {
      return true;
    }
    String plain = own.replaceFirst("^\\*?\\.", "");
    return name.equals(plain) || name.endsWith("." + plain);
  }

  /** Only of addresses in digits: a name is not looked up, for the proxy may know another one. */
  private static boolean within(String range, String address) {
    if (!address.matches("[0-9.]+|[0-9a-f:]*:[0-9a-f:.]*")) {
      return false;
    }
    try {
      byte[] net = InetAddress.getByName(range.substring(0, range.indexOf('/'))).getAddress();
      byte[] at = InetAddress.getByName(address).getAddress();
      int shift = net.length * 8 - Integer.parseInt(range.substring(range.indexOf('/') + 1));
      return net.length == at.length
          && shift >= 0
          && new BigInteger(1, net)
              .shiftRight(shift)
              .equals(new BigInteger(1, at).shiftRight(shift));
    } catch (UnknownHostException | NumberFormatException odd) {
      return false;
    }
  }
}
