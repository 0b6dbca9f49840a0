package org.lichen.api.container;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.Digest;
import org.lichen.api.Mount;

/**
 * What the user asked for, with the image's defaults already applied where they are data ({@code
 * command}, {@code environment}, {@code user}, …). Kept in container.json. {@code others} holds
 * what bundles add, by their own keys. Immutable; made by {@link Builder}.
 */
public record ContainerSpec(
    String name,
    String imageName,
    Digest image,
    String strategy,
    String identity,
    Optional<String> launcher,
    List<String> command,
    List<String> environment,
    String directory,
    String user,
    String hostname,
    List<Mount> mounts,
    Map<String, String> namespaces,
    Set<String> capabilities,
    boolean seccomp,
    boolean readOnly,
    boolean init,
    boolean terminal,
    boolean interactive,
    boolean ephemeral,
    String stopSignal,
    Duration stopTimeout,
    String detachKeys,
    Map<String, String> limits,
    Map<String, String> labels,
    Map<String, Object> others) {

  public ContainerSpec {
    command = List.copyOf(command);
    environment = List.copyOf(environment);
    mounts = List.copyOf(mounts);
    namespaces = Map.copyOf(namespaces);
    capabilities = java.util.Collections.unmodifiableSet(new LinkedHashSet<>(capabilities));
    limits = Map.copyOf(limits);
    labels = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    others = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(others));
  }

  public static Builder builder(String imageName, Digest image) {
    return new Builder(imageName, image);
  }

  /** The texts of a list that a bundle has added; empty if there is none. */
  public List<String> texts(String key) {
    return others.get(key) instanceof List<?> list
        ? list.stream().map(String::valueOf).toList()
        : List.of();
  }

  /** A builder that starts from this spec. */
  public Builder change() {
    return new Builder(this);
  }

  /** Collects a spec; every field has podman's default. */
  public static final class Builder {
    private final String imageName;
    private final Digest image;
    private String name = "";
    private String strategy = "";
    private String identity = "";
    private Optional<String> launcher = Optional.empty();
    private List<String> command = List.of();
    private List<String> environment = new ArrayList<>();
    private String directory = "/";
    private String user = "";
    private String hostname = "";
    private final List<Mount> mounts = new ArrayList<>();
    private final Map<String, String> namespaces = new LinkedHashMap<>();
    private Set<String> capabilities = Set.of();
    private boolean seccomp = true;
    private boolean readOnly;
    private boolean init = true;
    private boolean terminal;
    private boolean interactive;
    private boolean ephemeral;
    private String stopSignal = "TERM";
    private Duration stopTimeout = Duration.ofSeconds(10);
    private String detachKeys = "ctrl-p,ctrl-q";
    private final Map<String, String> limits = new LinkedHashMap<>();
    private final Map<String, String> labels = new LinkedHashMap<>();
    private final Map<String, Object> others = new LinkedHashMap<>();

    private Builder(String imageName, Digest image) {
      this.imageName = imageName;
      this.image = image;
    }

    private Builder(ContainerSpec from) {
      this(from.imageName, from.image);
      name = from.name;
      strategy = from.strategy;
      identity = from.identity;
      launcher = from.launcher;
      command = from.command;
      environment = new ArrayList<>(from.environment);
      directory = from.directory;
      user = from.user;
      hostname = from.hostname;
      mounts.addAll(from.mounts);
      namespaces.putAll(from.namespaces);
      capabilities = from.capabilities;
      seccomp = from.seccomp;
      readOnly = from.readOnly;
      init = from.init;
      terminal = from.terminal;
      interactive = from.interactive;
      ephemeral = from.ephemeral;
      stopSignal = from.stopSignal;
      stopTimeout = from.stopTimeout;
      detachKeys = from.detachKeys;
      limits.putAll(from.limits);
      labels.putAll(from.labels);
      others.putAll(from.others);
    }

    public Builder name(String value) {
      name = value;
      return this;
    }

    /** The strategy chosen, or empty for {@code auto}. */
    public Builder strategy(String value) {
      strategy = value;
      return this;
    }

    /** {@code single}, {@code basic}, {@code ranges}, or empty for {@code auto}. */
    public Builder identity(String value) {
      identity = value;
      return this;
    }

    public Builder launcher(Optional<String> value) {
      launcher = value;
      return this;
    }

    /** The whole argv of the guest. */
    public Builder command(List<String> value) {
      command = value;
      return this;
    }

    /** {@code NAME=VALUE}; replaces an earlier value of the same name. */
    public Builder environment(String pair) {
      String key = pair.substring(0, pair.indexOf('=') + 1);
      environment.removeIf(e -> e.startsWith(key));
      environment.add(pair);
      return this;
    }

    public Builder directory(String value) {
      directory = value;
      return this;
    }

    public Builder user(String value) {
      user = value;
      return this;
    }

    public Builder hostname(String value) {
      hostname = value;
      return this;
    }

    public Builder mount(Mount value) {
      mounts.add(value);
      return this;
    }

    /** Kind ({@code pid}, {@code net} …) to {@code private}, {@code host} or {@code none}. */
    public Builder namespace(String kind, String value) {
      namespaces.put(kind, value);
      return this;
    }

    /** Names without {@code CAP_}. */
    public Builder capabilities(Set<String> value) {
      capabilities = value;
      return this;
    }

    public Builder seccomp(boolean value) {
      seccomp = value;
      return this;
    }

    public Builder readOnly(boolean value) {
      readOnly = value;
      return this;
    }

    /** Whether a reaper of ours is pid 1; otherwise the guest itself is. */
    public Builder init(boolean value) {
      init = value;
      return this;
    }

    public Builder terminal(boolean value) {
      terminal = value;
      return this;
    }

    public Builder interactive(boolean value) {
      interactive = value;
      return this;
    }

    public Builder ephemeral(boolean value) {
      ephemeral = value;
      return this;
    }

    public Builder stopSignal(String value) {
      stopSignal = value;
      return this;
    }

    public Builder stopTimeout(Duration value) {
      stopTimeout = value;
      return this;
    }

    public Builder detachKeys(String value) {
      detachKeys = value;
      return this;
    }

    /** A resource limit, {@code nofile} to {@code SOFT[:HARD]}. */
    public Builder limit(String kind, String value) {
      limits.put(kind, value);
      return this;
    }

    public Builder label(String key, String value) {
      labels.put(key, value);
      return this;
    }

    public Builder other(String key, Object value) {
      others.put(key, value);
      return this;
    }

    public ContainerSpec build() {
      return new ContainerSpec(
          name,
          imageName,
          image,
          strategy,
          identity,
          launcher,
          command,
          environment,
          directory,
          user,
          hostname,
          mounts,
          namespaces,
          capabilities,
          seccomp,
          readOnly,
          init,
          terminal,
          interactive,
          ephemeral,
          stopSignal,
          stopTimeout,
          detachKeys,
          limits,
          labels,
          others);
    }
  }
}
