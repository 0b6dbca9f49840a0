package org.lichen.image.singularity.command;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Command;
import org.lichen.api.command.Invocation;
import org.lichen.api.command.Option;
import org.lichen.api.command.Outcome;
import org.lichen.image.singularity.read.Policy;
import org.lichen.image.singularity.sif.Sif;
import org.lichen.image.singularity.sif.SifException;
import org.lichen.image.singularity.sif.SifObject;
import org.lichen.image.singularity.verify.KeyRing;
import org.lichen.image.singularity.verify.Verification;
import org.osgi.service.component.annotations.Component;

/** {@code lichen sif list|info|dump|verify}, as singularity has them. */
@Component
public final class SifCommand implements Command {
  private static final int CHUNK = 1 << 16;
  private static final String USAGE =
      "lichen sif list FILE; sif info ID FILE; sif dump ID FILE >CONTENT; sif verify [--key KEY] FILE";

  @Override
  public String name() {
    return "sif";
  }

  @Override
  public String group() {
    return "Images";
  }

  @Override
  public String summary() {
    return "Show what is in a SIF, take it out, check its signatures: list, info, dump, verify.";
  }

  @Override
  public List<Option> options() {
    return List.of(
        new Option(
            "-k,--key",
            "FILE",
            "verify: a trusted key, of PGP or in PEM (default: singularity.keys of the"
                + " configuration, else the user's key rings)."),
        new Option("-a,--all", "", "verify: every object, not only those of the root's group."),
        new Option("-o,--object", "ID", "verify: this object alone."));
  }

  @Override
  public Outcome run(Invocation in) throws ContainerException, IOException {
    List<String> words = in.operands();
    String what = words.isEmpty() ? "" : words.get(0);
    boolean numbered = what.equals("info") || what.equals("dump");
    if (!List.of("list", "info", "dump", "verify").contains(what)
        || words.size() != (numbered ? 3 : 2)) {
      throw new ContainerException(Kind.USAGE, "sif: list, info, dump or verify what?", USAGE);
    }
    Path path = in.request().path(words.get(words.size() - 1));
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      Sif sif = Sif.read(file);
      switch (what) {
        case "list" -> new Listing(sif).print(in.out());
        case "info" -> Listing.info(object(sif, words.get(1), path), in.out());
        case "dump" -> dump(file, object(sif, words.get(1), path), in);
        default -> {
          return verify(sif, file, path, in);
        }
      }
      return Outcome.OK;
    } catch (NoSuchFileException e) {
      throw new ContainerException(Kind.NOT_FOUND, "no such file: " + path, "", e);
    } catch (SifException e) {
      throw new ContainerException(
          Kind.CORRUPT, "cannot read image (" + path + "): " + e.getMessage(), "", e);
    }
  }

  private static SifObject object(Sif sif, String id, Path path) throws ContainerException {
    long number = id.matches("[0-9]{1,9}") ? Long.parseLong(id) : -1;
    return sif.object(number)
        .orElseThrow(
            () ->
                new ContainerException(
                    Kind.NOT_FOUND,
                    "no object " + id + " in " + path,
                    "it has "
                        + sif.objects().stream()
                            .map(each -> String.valueOf(each.id()))
                            .collect(Collectors.joining(", "))));
  }

  private static void dump(FileChannel file, SifObject object, Invocation in)
      throws IOException, ContainerException {
    byte[] chunk = new byte[CHUNK];
    long at = object.offset();
    long end = object.offset() + object.size();
    while (at < end) {
      in.request().cancellation().check();
      int got = file.read(ByteBuffer.wrap(chunk, 0, (int) Math.min(CHUNK, end - at)), at);
      if (got < 0) {
        throw new IOException("object " + object.id() + " is cut off");
      }
      in.out().write(chunk, 0, got);
      at += got;
    }
    in.out().flush();
  }

  /** Status 1: it is not verified; failures of the command itself are 125. */
  private static Outcome verify(Sif sif, FileChannel file, Path path, Invocation in)
      throws ContainerException, IOException {
    KeyRing keys = new KeyRing();
    List<String> named = in.values().getOrDefault("-k", List.of());
    for (String key : named) {
      keys.add(in.request().path(key));
    }
    Verification check =
        new Verification(sif, file, named.isEmpty() ? new Policy(in.request()).keys() : keys);
    List<SifObject> wanted = new ArrayList<>();
    for (String id : in.values().getOrDefault("-o", List.of())) {
      wanted.add(object(sif, id, path));
    }
    Verification.Outcome outcome =
        check.verify(wanted.isEmpty() ? check.wanted(in.values().containsKey("-a")) : wanted);
    for (Verification.Finding finding : outcome.findings()) {
      in.out()
          .println(
              "signature "
                  + finding.signature()
                  + " of objects "
                  + numbers(finding.objects())
                  + ": "
                  + switch (finding.verdict()) {
                    case GOOD -> "good, by ";
                    case UNKNOWN_KEY -> "not checked, ";
                    case BAD -> "BAD, ";
                  }
                  + finding.reason());
    }
    if (!outcome.missing().isEmpty()) {
      in.out()
          .println("not signed by anybody who is trusted: objects " + numbers(outcome.missing()));
    }
    boolean good = outcome.good() && !outcome.findings().isEmpty();
    in.out().println((good ? "verified: " : "NOT verified: ") + path);
    return Outcome.exit(good ? 0 : 1);
  }

  private static String numbers(List<Long> ids) {
    return ids.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }
}
