package org.lichen.api.rootfs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lichen.api.Support;

/**
 * A root filesystem as data. Relative paths mean files in the container's directory. One lower of
 * kind {@code directory} and no upper is a merged tree; anything else is a union, highest first, of
 * which the launcher makes {@code upper} and {@code work} when they are missing. A launcher refuses
 * a version that is newer than {@link #VERSION} of its API, and kinds of lower that it does not
 * know. {@code ephemeral}: the upper is used once and need not survive a crash of the machine.
 * {@code owners}: a list of real owners that the launcher applies once to a merged tree.
 */
public record RootfsPlan(
    int version,
    List<Lower> lowers,
    Optional<Path> upper,
    Optional<Path> work,
    boolean readOnly,
    boolean ephemeral,
    Optional<Path> owners) {
  public static final int VERSION = 1;

  public RootfsPlan {
    lowers = List.copyOf(lowers);
  }

  /** Whether it is one plain tree. */
  public boolean merged() {
    return lowers.size() == 1 && upper.isEmpty() && lowers.get(0).kind().equals(Lower.DIRECTORY);
  }

  /**
   * Refuses a plan that is newer than what the caller understands: the {@link #VERSION} that it was
   * compiled with.
   */
  public Optional<Support.Unsupported> refusal(int understood) {
    return version <= understood
        ? Optional.empty()
        : Optional.of(
            new Support.Unsupported(
                "the strategy plans version "
                    + version
                    + ", this launcher understands "
                    + understood,
                "update the launcher: lichen plugin update"));
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Collects a plan. */
  public static final class Builder {
    private final List<Lower> lowers = new ArrayList<>();
    private Optional<Path> upper = Optional.empty();
    private Optional<Path> work = Optional.empty();
    private Optional<Path> owners = Optional.empty();
    private boolean readOnly;
    private boolean ephemeral;

    /** Adds a lower below those added before. */
    public Builder lower(Lower lower) {
      lowers.add(lower);
      return this;
    }

    public Builder upper(Path directory, Path workDirectory) {
      upper = Optional.of(directory);
      work = Optional.of(workDirectory);
      return this;
    }

    public Builder owners(Path list) {
      owners = Optional.of(list);
      return this;
    }

    public Builder readOnly(boolean set) {
      readOnly = set;
      return this;
    }

    public Builder ephemeral(boolean set) {
      ephemeral = set;
      return this;
    }

    public RootfsPlan build() {
      return new RootfsPlan(VERSION, lowers, upper, work, readOnly, ephemeral, owners);
    }
  }
}
