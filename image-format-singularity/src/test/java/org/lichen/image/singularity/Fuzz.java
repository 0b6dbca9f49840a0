package org.lichen.image.singularity;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Gives a parser samples that were changed at random, for {@code LICHEN_FUZZ_SECONDS} (1), and
 * wants it to read or to refuse them. {@code LICHEN_SEED} repeats a run; what failed is kept in
 * {@code target/fuzz-NAME}.
 */
public final class Fuzz {
  private static final int MOST_CHANGES = 8;

  /** What reads one of them. */
  @FunctionalInterface
  public interface Target {
    void read(byte[] changed) throws Exception;
  }

  private final String name;
  private final List<byte[]> samples;
  private final int head;
  private final Random random;

  /** Every second change is in the first {@code head} bytes, where most is decided. */
  public Fuzz(String name, int head, List<byte[]> samples) {
    this.name = name;
    this.samples = List.copyOf(samples);
    this.head = head;
    this.random = new Random(Long.parseLong(setting("LICHEN_SEED", "1")));
  }

  private static String setting(String variable, String otherwise) {
    return System.getenv().getOrDefault(variable, otherwise);
  }

  /** Answers how many were read or refused; any other failure than these is the test's. */
  public long run(Target target, Set<Class<? extends Exception>> refusals) throws Exception {
    long seconds = Long.parseLong(setting("LICHEN_FUZZ_SECONDS", "1"));
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    long rounds = 0;
    while (System.nanoTime() < end) {
      byte[] changed = changed();
      try {
        target.read(changed);
      } catch (Exception | StackOverflowError | OutOfMemoryError e) {
        if (refusals.stream().noneMatch(refusal -> refusal.isInstance(e))) {
          Path kept = Files.write(Path.of("target", "fuzz-" + name), changed);
          throw new AssertionError(name + ", round " + rounds + ", kept in " + kept, e);
        }
      }
      rounds++;
    }
    return rounds;
  }

  private byte[] changed() {
    byte[] changed = sample().clone();
    for (int i = random.nextInt(MOST_CHANGES); i >= 0 && changed.length > 0; i--) {
      changed = changed(changed);
    }
    return changed;
  }

  private byte[] sample() {
    return samples.get(random.nextInt(samples.size()));
  }

  private byte[] changed(byte[] bytes) {
    boolean early = head > 0 && random.nextBoolean();
    int at = random.nextInt(early ? Math.min(head, bytes.length) : bytes.length);
    switch (random.nextInt(8)) {
      case 0, 1 -> bytes[at] = (byte) random.nextInt();
      case 2, 3 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 4 -> { // a number that is as large as can be
        int length = Math.min(1 << random.nextInt(4), bytes.length - at);
        Arrays.fill(bytes, at, at + length, random.nextBoolean() ? (byte) -1 : 0);
      }
      case 5 -> {
        byte[] from = sample();
        int begin = random.nextInt(from.length);
        int length = Math.min(random.nextInt(16), Math.min(from.length - begin, bytes.length - at));
        System.arraycopy(from, begin, bytes, at, length);
      }
      case 6 -> { // something twice
        int length = Math.min(random.nextInt(64), bytes.length - at);
        byte[] more = Arrays.copyOf(bytes, bytes.length + length);
        System.arraycopy(bytes, at, more, at + length, bytes.length - at);
        return more;
      }
      default -> {
        return random.nextInt(8) == 0 ? Arrays.copyOf(bytes, at) : bytes;
      }
    }
    return bytes;
  }
}
