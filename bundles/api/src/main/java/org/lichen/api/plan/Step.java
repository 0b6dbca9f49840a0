package org.lichen.api.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;

/**
 * One program to be executed: with the container directory as its working directory, {@code
 * payload} on descriptor 3, and {@code environment} as its whole environment.
 */
public final class Step {
  private final NativePart program;
  private final Map<String, NativePart> parts;
  private final List<String> argv;
  private final Map<String, String> environment;
  private final byte[] payload;
  private final boolean sealed;

  private Step(Builder builder) {
    program = builder.program;
    parts = Map.copyOf(builder.parts);
    argv = List.copyOf(builder.argv);
    environment = Map.copyOf(builder.environment);
    payload = builder.payload;
    sealed = builder.sealed;
  }

  public NativePart program() {
    return program;
  }

  /** With argv[0]. */
  public List<String> argv() {
    return argv;
  }

  /** {@link #argv} with the real paths of the parts that it names. */
  List<String> argv(LaunchPlan.Placement placement) throws ContainerException {
    List<String> placed = new ArrayList<>();
    for (String word : argv) {
      NativePart part = parts.get(word);
      placed.add(part == null ? word : placement.place(part).toString());
    }
    return placed;
  }

  public Map<String, String> environment() {
    return environment;
  }

  public byte[] payload() {
    return payload.clone();
  }

  /** Whether the program is executed from a sealed copy, out of the reach of its guests. */
  public boolean sealed() {
    return sealed;
  }

  public static Builder of(NativePart program) {
    return new Builder(program);
  }

  /** Makes a step; argv[0] is the program's name. */
  public static final class Builder {
    private final NativePart program;
    private final Map<String, NativePart> parts = new LinkedHashMap<>();
    private final List<String> argv = new ArrayList<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private byte[] payload = {};
    private boolean sealed;

    private Builder(NativePart program) {
      this.program = program;
      argv.add(program.name());
    }

    public Builder arguments(String... arguments) {
      argv.addAll(List.of(arguments));
      return this;
    }

    public Builder arguments(List<String> arguments) {
      argv.addAll(arguments);
      return this;
    }

    /**
     * An argument that is the path of another executable of the plugin, which is put into place
     * with the program. Until then it reads {@code ${native.NAME}}.
     */
    public Builder argument(NativePart part) {
      String word = "${native." + part.name() + "}";
      parts.put(word, part);
      argv.add(word);
      return this;
    }

    public Builder environment(String name, String value) {
      environment.put(name, value);
      return this;
    }

    public Builder payload(byte[] bytes) {
      payload = bytes.clone();
      return this;
    }

    /**
     * Executes the program from a sealed copy in memory: for launchers whose guests are isolated,
     * and could otherwise change it through {@code /proc/PID/exe}.
     */
    public Builder sealed() {
      sealed = true;
      return this;
    }

    public Step build() {
      return new Step(this);
    }
  }
}
