package org.lichen.devices.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.devices.cdi.Edits;

/**
 * The GPUs of NVIDIA that a machine has: /dev/nvidiaN, /proc/driver/nvidia/gpus/PCI/information.
 */
final class Cards {
  /** {@code pci} and {@code uuid} are empty where the driver does not tell. */
  private record Card(int minor, String pci, String uuid) {}

  private Cards() {}

  /** The nodes of those that are wanted, with those of their displays. */
  static List<Edits.Node> nodes(Path root, Gpus wanted) throws IOException, ContainerException {
    List<Edits.Node> nodes = new ArrayList<>();
    for (Card card : wanted(all(root), wanted)) {
      Path node = root.resolve("dev/nvidia" + card.minor());
      nodes.add(new Edits.Node("/dev/nvidia" + card.minor(), node.toRealPath().toString()));
      if (!card.pci().isEmpty()) {
        for (Path link :
            Driver.matching(root.resolve("dev/dri/by-path"), "pci-" + card.pci() + "-*")) {
          String real = link.toRealPath().toString();
          nodes.add(new Edits.Node("/dev/dri/" + Path.of(real).getFileName(), real));
        }
      }
    }
    return nodes;
  }

  /** In the order of their indices: that of their places on the bus, as NVML counts them. */
  private static List<Card> all(Path root) throws IOException {
    List<Card> told = new ArrayList<>();
    for (Path gpu : Driver.matching(root.resolve("proc/driver/nvidia/gpus"), "*")) {
      String minor = "";
      String uuid = "";
      for (String line : Files.readAllLines(gpu.resolve("information"))) {
        String value = line.substring(line.indexOf(':') + 1).strip();
        minor = line.startsWith("Device Minor:") ? value : minor;
        uuid = line.startsWith("GPU UUID:") ? value : uuid;
      }
      if (minor.matches("[0-9]{1,4}") && Files.exists(root.resolve("dev/nvidia" + minor))) {
        told.add(new Card(Integer.parseInt(minor), String.valueOf(gpu.getFileName()), uuid));
      }
    }
    List<Card> others = new ArrayList<>();
    for (Path node : Driver.matching(root.resolve("dev"), "nvidia[0-9]*")) {
      String minor = String.valueOf(node.getFileName()).substring("nvidia".length());
      if (minor.matches("[0-9]{1,4}")
          && told.stream().noneMatch(card -> card.minor() == Integer.parseInt(minor))) {
        others.add(new Card(Integer.parseInt(minor), "", ""));
      }
    }
    others.sort(Comparator.comparingInt(Card::minor));
    told.addAll(others);
    return told;
  }

  private static List<Card> wanted(List<Card> cards, Gpus wanted) throws ContainerException {
    if (wanted.all()) {
      return cards;
    }
    List<Card> chosen = new ArrayList<>();
    for (String id : wanted.ids()) {
      chosen.add(card(cards, id));
    }
    if (wanted.ids().isEmpty()) {
      if (wanted.count() > cards.size()) {
        throw new ContainerException(
            Kind.NOT_FOUND,
            "there are " + cards.size() + " GPUs of NVIDIA, and " + wanted.count() + " are wanted",
            "--gpus all takes what there is");
      }
      chosen.addAll(cards.subList(0, wanted.count()));
    }
    return chosen;
  }

  private static Card card(List<Card> cards, String id) throws ContainerException {
    List<String> known = new ArrayList<>();
    for (int index = 0; index < cards.size(); index++) {
      Card card = cards.get(index);
      boolean part =
          id.length() > "GPU-".length()
              && card.uuid().toLowerCase(Locale.ROOT).startsWith(id.toLowerCase(Locale.ROOT));
      if (id.equals(String.valueOf(index)) || part) {
        return card;
      }
      known.add(index + (card.uuid().isEmpty() ? "" : " (" + card.uuid() + ")"));
    }
    throw new ContainerException(
        Kind.NOT_FOUND,
        "no GPU '" + id + "' of NVIDIA",
        known.isEmpty() ? "the host has none" : "there are: " + String.join(", ", known));
  }
}
