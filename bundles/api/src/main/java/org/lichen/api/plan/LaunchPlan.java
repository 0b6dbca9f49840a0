package org.lichen.api.plan;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.lichen.api.ContainerException;

/**
 * Everything that is executed for one container start, or for entering one. Pure data: making it
 * writes nothing and starts nothing. {@code metadata} is container.json where the shim makes the
 * container; a plan without {@code step} only enters; {@code cleanup} removes, at the end of an
 * ephemeral container, what its owner alone cannot. {@link #encoded} is docs/FORMATS.md, 2.
 */
public record LaunchPlan(
    Path home,
    List<Requirement> requirements,
    ShimOrders shim,
    Optional<byte[]> metadata,
    Optional<Step> preparation,
    Optional<Step> step,
    Step enter,
    Optional<Step> cleanup) {
  public static final int FORMAT = 1;
  private static final byte[] MAGIC = "LICHPLAN".getBytes(StandardCharsets.US_ASCII);

  public LaunchPlan {
    requirements = List.copyOf(requirements);
  }

  /** Finds the executable file of a native part; may have to copy it into place. */
  @FunctionalInterface
  public interface Placement {
    Path place(NativePart part) throws ContainerException;
  }

  /** The plan as the client and the shim read it. */
  public byte[] encoded(Placement placement) throws ContainerException {
    Records.Builder out = Records.builder();
    for (Requirement need : requirements) {
      out.records(
          "need",
          Records.builder()
              .text("fact", need.fact())
              .text("valu", need.value())
              .text("why.", need.why()));
    }
    out.text("home", home.toString()).records("shim", shim.encoded());
    metadata.ifPresent(bytes -> out.bytes("meta", bytes));
    if (preparation.isPresent()) {
      out.records("prep", encoded(preparation.get(), placement));
    }
    if (step.isPresent()) {
      out.records("step", encoded(step.get(), placement));
    }
    out.records("entr", encoded(enter, placement));
    if (cleanup.isPresent()) {
      out.records("clen", encoded(cleanup.get(), placement));
    }
    byte[] records = out.encoded();
    ByteArrayOutputStream whole = new ByteArrayOutputStream(records.length + 12);
    whole.writeBytes(MAGIC);
    whole.writeBytes(ByteBuffer.allocate(4).putInt(FORMAT).array());
    whole.writeBytes(records);
    return whole.toByteArray();
  }

  private static Records.Builder encoded(Step step, Placement placement) throws ContainerException {
    Records.Builder out =
        Records.builder()
            .text("prog", placement.place(step.program()).toString())
            .texts("argv", step.argv(placement));
    Function<java.util.Map.Entry<String, String>, String> pair =
        e -> e.getKey() + "=" + e.getValue();
    step.environment().entrySet().stream().map(pair).sorted().forEach(e -> out.text("envi", e));
    if (step.sealed()) {
      out.number("seal", 1);
    }
    return out.bytes("load", step.payload());
  }
}
