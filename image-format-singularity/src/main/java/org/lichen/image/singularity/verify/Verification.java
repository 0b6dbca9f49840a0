package org.lichen.image.singularity.verify;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.lichen.image.singularity.sif.DataType;
import org.lichen.image.singularity.sif.Sif;
import org.lichen.image.singularity.sif.SifObject;

/** The signatures of a SIF, checked with keys that are trusted. For one thread. */
public final class Verification {
  private static final int LARGEST = 1 << 20;

  private final Sif sif;
  private final FileChannel file;
  private final KeyRing keys;

  /** The file stays the caller's. */
  public Verification(Sif sif, FileChannel file, KeyRing keys) {
    this.sif = sif;
    this.file = file;
    this.keys = keys;
  }

  /** What came of one signature. */
  public enum Verdict {
    /** A trusted key signed exactly this. */
    GOOD,
    /** It says that it is of a key that is not known. */
    UNKNOWN_KEY,
    /** It is wrong, or what it signed was changed. */
    BAD
  }

  /**
   * {@code objects} are the numbers of what it is about, {@code reason} says the rest to people.
   */
  public record Finding(long signature, List<Long> objects, Verdict verdict, String reason) {
    public Finding {
      objects = List.copyOf(objects);
    }
  }

  /** What came of all; {@code missing} are objects that had to be signed and are not. */
  public record Outcome(List<Finding> findings, List<Long> missing) {
    public Outcome {
      findings = List.copyOf(findings);
      missing = List.copyOf(missing);
    }

    /** Every object is signed by a trusted key, and no signature is bad. */
    public boolean good() {
      return missing.isEmpty() && findings.stream().noneMatch(f -> f.verdict() == Verdict.BAD);
    }
  }

  /** Objects that a signature has to cover: those of the primary partition's group, or of all. */
  public List<SifObject> wanted(boolean all) {
    long group = sif.primary().map(SifObject::group).orElse(0L);
    return sif.objects().stream()
        .filter(each -> each.type() != DataType.SIGNATURE)
        .filter(each -> all || group == 0 || each.group() == group)
        .toList();
  }

  /** Checks every signature that is about one of these objects. */
  public Outcome verify(List<SifObject> wanted) throws IOException {
    Integrity integrity = new Integrity(sif, file);
    Set<Long> missing = new LinkedHashSet<>();
    wanted.forEach(each -> missing.add(each.id()));
    List<Finding> findings = new ArrayList<>();
    for (SifObject signature : sif.objects()) {
      if (signature.type() != DataType.SIGNATURE) {
        continue;
      }
      List<SifObject> covered = integrity.covered(signature);
      if (covered.stream().noneMatch(wanted::contains)) {
        continue;
      }
      Finding finding = verify(signature, covered, integrity);
      findings.add(finding);
      if (finding.verdict() == Verdict.GOOD) {
        missing.removeAll(finding.objects());
      }
    }
    return new Outcome(findings, List.copyOf(missing));
  }

  private Finding verify(SifObject signature, List<SifObject> covered, Integrity integrity)
      throws IOException {
    List<Long> ids = covered.stream().map(SifObject::id).toList();
    byte[] content = Sif.content(file, signature, LARGEST);
    Signed signed;
    try {
      String text = new String(content, StandardCharsets.UTF_8);
      signed =
          text.stripLeading().startsWith("{")
              ? Dsse.check(content, keys.plain())
              : ClearSigned.check(text, keys);
    } catch (Signed.Unknown unknown) {
      return new Finding(
          signature.id(), ids, Verdict.UNKNOWN_KEY, String.valueOf(unknown.getMessage()));
    } catch (Signed.Bad bad) {
      return new Finding(signature.id(), ids, Verdict.BAD, String.valueOf(bad.getMessage()));
    }
    List<String> differences = integrity.differences(signed.content(), covered);
    return differences.isEmpty()
        ? new Finding(signature.id(), ids, Verdict.GOOD, signed.by())
        : new Finding(
            signature.id(),
            ids,
            Verdict.BAD,
            String.join(", ", differences) + " since " + signed.by() + " signed");
  }
}
