package org.lichen.image.docker.registry;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** Everything about time and chance; {@code silence} is the longest pause within an answer. */
public record Timing(
    Clock clock, RandomGenerator random, Pause pause, Duration connect, Duration silence) {
  /** Waits for a time, or until the latch is open. */
  public interface Pause {
    void await(Duration time, CountDownLatch until) throws InterruptedException;
  }

  /** That of the world. */
  public static Timing real() {
    return new Timing(
        Clock.systemUTC(),
        RandomGenerator.getDefault(),
        (time, until) -> {
          boolean early = until.await(time.toMillis(), TimeUnit.MILLISECONDS);
          assert early || !time.isNegative();
        },
        Duration.ofSeconds(15),
        Duration.ofSeconds(60));
  }
}
