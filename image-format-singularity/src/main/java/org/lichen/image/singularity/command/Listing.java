package org.lichen.image.singularity.command;

import java.io.PrintStream;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import org.lichen.image.singularity.sif.Architecture;
import org.lichen.image.singularity.sif.DataType;
import org.lichen.image.singularity.sif.Sif;
import org.lichen.image.singularity.sif.SifObject;

/** A SIF in words and columns, as singularity prints it. */
final class Listing {
  private static final String LINE = "-".repeat(78);
  private static final String[] HASHES = {"", "SHA256", "SHA384", "SHA512", "BLAKE2S", "BLAKE2B"};

  private final Sif sif;

  Listing(Sif sif) {
    this.sif = sif;
  }

  void print(PrintStream out) {
    out.println("Container id: " + sif.uuid());
    out.println("Created on:   " + time(sif.created()));
    out.println("Modified on:  " + time(sif.modified()));
    out.println("Architecture: " + sif.architecture().map(Architecture::go).orElse("unknown"));
    out.println(LINE);
    out.println("Descriptor list:");
    out.printf(
        Locale.ROOT,
        "%-4s |%-7s |%-7s |%-25s |%s%n",
        "ID",
        "GROUP",
        "LINK",
        "SIF POSITION (start-end)",
        "TYPE");
    out.println(LINE);
    for (SifObject each : sif.objects()) {
      out.printf(
          Locale.ROOT,
          "%-4d |%-7s |%-7s |%-25s |%s%n",
          each.id(),
          each.group() == 0 ? "NONE" : each.group(),
          link(each),
          each.offset() + "-" + (each.offset() + each.size()),
          type(each));
    }
  }

  static void info(SifObject object, PrintStream out) {
    line(out, "Data Type", type(object));
    line(out, "ID", object.id());
    line(out, "Group ID", object.group() == 0 ? "NONE" : object.group());
    line(out, "Link", link(object));
    line(out, "Offset", object.offset());
    line(out, "Size", object.size());
    line(out, "Created on", time(object.created()));
    line(out, "Modified on", time(object.modified()));
    line(out, "User ID", object.uid());
    line(out, "Group ID of user", object.gid());
    if (!object.name().isEmpty()) {
      line(out, "Name", printable(object.name()));
    }
    if (object.type() == DataType.SIGNATURE) {
      line(out, "Fingerprint", HexFormat.of().formatHex(object.fingerprint()));
    }
    if (object.type() == DataType.OCI_BLOB || object.type() == DataType.OCI_INDEX) {
      line(out, "Digest", printable(object.digest()));
    }
  }

  private static void line(PrintStream out, String what, Object value) {
    out.printf(Locale.ROOT, "%-17s %s%n", what + ":", value);
  }

  private static String link(SifObject object) {
    if (object.link() == 0) {
      return "NONE";
    }
    return object.link() + (object.linksGroup() ? " (G)" : "");
  }

  private static String type(SifObject object) {
    return switch (object.type()) {
      case PARTITION ->
          object.type()
              + " ("
              + object.fileSystem().map(Object::toString).orElse("unknown")
              + "/"
              + object.use().map(Object::toString).orElse("unknown")
              + "/"
              + object.architecture().map(Architecture::go).orElse("unknown")
              + ")";
      case SIGNATURE -> {
        int hash = object.hash();
        yield object.type()
            + " ("
            + (hash > 0 && hash < HASHES.length ? HASHES[hash] : "unknown")
            + ")";
      }
      default -> object.type().toString();
    };
  }

  /** Zero of Go's time, which some images have, is shown as such. */
  private static String time(long seconds) {
    return seconds < -62135596800L || seconds > 253402300799L
        ? String.valueOf(seconds)
        : Instant.ofEpochSecond(seconds).toString();
  }

  private static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
