package org.lichen.image.docker.registry;

import java.io.IOException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;

/**
 * Tries again what may pass: broken connections, 429 and 5xx. The pause doubles and has a random
 * part, so that many clients do not come back at once; where the server says when, that counts.
 */
final class Retry {
  static final int ATTEMPTS = 5;

  private static final Duration FIRST = Duration.ofMillis(500);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  /** Nobody waits longer than this for one command; then the answer is the failure. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Timing timing;
  private final Exchange exchange;

  Retry(Timing timing, Exchange exchange) {
    this.timing = timing;
    this.exchange = exchange;
  }

  /** One attempt; it may be made several times. */
  interface Attempt {
    Answer send() throws IOException, ContainerException;
  }

  /** The first answer that another attempt would not change. */
  Answer run(String host, Attempt attempt) throws ContainerException {
    for (int made = 1; ; made++) {
      try {
        Answer answer = attempt.send();
        if (!passing(answer.code()) || made == ATTEMPTS) {
          return answer;
        }
        Optional<Duration> wanted = retryAfter(answer);
        if (wanted.isPresent() && wanted.get().compareTo(PATIENCE) > 0) {
          return answer;
        }
        answer.close();
        pause(made, wanted);
      } catch (IOException failed) {
        check();
        if (made == ATTEMPTS || !Failures.passing(failed)) {
          throw Failures.network(host, failed);
        }
        pause(made, Optional.empty());
      }
    }
  }

  /** Waits before attempt {@code made + 1}. */
  void pause(int made, Optional<Duration> wanted) throws ContainerException {
    Duration longest = FIRST.multipliedBy(1L << Math.min(made - 1, 10));
    long millis = Math.min(longest.toMillis(), LONGEST.toMillis());
    Duration own = Duration.ofMillis(millis / 2 + timing.random().nextLong(millis / 2 + 1));
    try {
      timing
          .pause()
          .await(wanted.filter(w -> w.compareTo(own) > 0).orElse(own), exchange.aborted());
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw interrupted();
    }
    check();
  }

  void check() throws ContainerException {
    if (exchange.isAborted()) {
      throw interrupted();
    }
  }

  private static ContainerException interrupted() {
    return new ContainerException(Kind.HOST, "interrupted", "");
  }

  private static boolean passing(int code) {
    return code == 408 || code == 429 || (code >= 500 && code != 501 && code != 505);
  }

  /** Seconds or a date (RFC 9110, 10.2.3). */
  private Optional<Duration> retryAfter(Answer answer) {
    String value = answer.header("Retry-After").orElse("").strip();
    if (value.matches("[0-9]{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(value)));
    }
    try {
      return Optional.of(
          Duration.between(
              timing.clock().instant(),
              ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant()));
    } catch (DateTimeParseException none) {
      return Optional.empty();
    }
  }
}
