package org.lichen.api.launch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.lichen.api.Mount;
import org.lichen.api.Support;

/**
 * What is to be started, free of images and stores. Made by {@link Builder}, to which every {@link
 * LaunchContributor} adds. Without {@code argv} there is no program, and the first process waits
 * for its end. {@code capabilities} are names without {@code CAP_}; {@code files} are small files
 * put over the guest's, path to content, {@code secrets} those that others may not read; {@code
 * requires} are guarantees asked for.
 */
public record LaunchSpec(
    List<String> argv,
    List<String> environment,
    String directory,
    String user,
    String identity,
    String hostname,
    List<Mount> mounts,
    Map<String, byte[]> files,
    Set<String> secrets,
    Map<String, String> copies,
    Map<String, String> namespaces,
    Set<String> capabilities,
    boolean seccomp,
    boolean init,
    boolean terminal,
    Map<String, String> limits,
    Set<String> requires,
    List<AccessRule> rules,
    Map<String, String> others) {

  public LaunchSpec {
    argv = List.copyOf(argv);
    environment = List.copyOf(environment);
    mounts = List.copyOf(mounts);
    files = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(files));
    secrets = Set.copyOf(secrets);
    copies = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(copies));
    namespaces = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(namespaces));
    capabilities = java.util.Collections.unmodifiableSet(new LinkedHashSet<>(capabilities));
    rules = List.copyOf(rules);
    limits = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(limits));
    requires = java.util.Collections.unmodifiableSet(new LinkedHashSet<>(requires));
    others = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(others));
  }

  public static Builder builder(List<String> argv) {
    return new Builder(argv);
  }

  /** Refuses by name what is asked for and not among these guarantees; empty if nothing is. */
  public Optional<Support.Unsupported> refusal(Set<String> guarantees) {
    Set<String> missing = new TreeSet<>(requires);
    missing.removeAll(guarantees);
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Support.Unsupported("it cannot guarantee " + String.join(", ", missing), ""));
  }

  /** Collects a spec. Not thread-safe. */
  public static final class Builder {
    private List<String> argv;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private String directory = "/";
    private String user = "";
    private String identity = "single";
    private String hostname = "";
    private final List<Mount> mounts = new ArrayList<>();
    private final Map<String, byte[]> files = new LinkedHashMap<>();
    private final Set<String> secrets = new LinkedHashSet<>();
    private final Map<String, String> copies = new LinkedHashMap<>();
    private final Map<String, String> namespaces = new LinkedHashMap<>();
    private final Set<String> capabilities = new LinkedHashSet<>();
    private boolean seccomp = true;
    private boolean init = true;
    private boolean terminal;
    private final Map<String, String> limits = new LinkedHashMap<>();
    private final Set<String> requires = new LinkedHashSet<>();
    private final List<AccessRule> rules = new ArrayList<>();
    private final Map<String, String> others = new LinkedHashMap<>();

    private Builder(List<String> argv) {
      this.argv = argv;
    }

    public Builder argv(List<String> value) {
      argv = value;
      return this;
    }

    /** The value that a variable has so far, or the empty string. */
    public String variable(String name) {
      return environment.getOrDefault(name, "");
    }

    /** Sets a variable; a later value wins. */
    public Builder environment(String name, String value) {
      environment.put(name, value);
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

    public Builder identity(String value) {
      identity = value;
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

    /** A file of the guest with this content, gone after the run. */
    public Builder file(String guestPath, byte[] content) {
      files.put(guestPath, content.clone());
      return this;
    }

    /** The same, to be read by its owner alone, who is the guest's root. */
    public Builder secret(String guestPath, byte[] content) {
      secrets.add(guestPath);
      return file(guestPath, content);
    }

    /** A file of the guest with the content that {@code hostFile} has when the container starts. */
    public Builder copy(String guestPath, String hostFile) {
      copies.put(guestPath, hostFile);
      return this;
    }

    /** Takes a file or copy back: something else is to be seen there. */
    public Builder withoutFile(String guestPath) {
      files.remove(guestPath);
      copies.remove(guestPath);
      return this;
    }

    /** {@code private}, {@code host} or, for {@code net}, {@code none}. */
    public Builder namespace(String kind, String value) {
      namespaces.put(kind, value);
      return this;
    }

    public Builder capability(String name) {
      capabilities.add(name);
      return this;
    }

    public Builder seccomp(boolean value) {
      seccomp = value;
      return this;
    }

    public Builder init(boolean value) {
      init = value;
      return this;
    }

    public Builder terminal(boolean value) {
      terminal = value;
      return this;
    }

    public Builder limit(String kind, String value) {
      limits.put(kind, value);
      return this;
    }

    /** Asks for a guarantee; a launcher that does not give it refuses. */
    public Builder require(String guarantee) {
      requires.add(guarantee);
      return this;
    }

    /** A launcher that does not keep it refuses. */
    public Builder rule(AccessRule value) {
      rules.add(value);
      return require(AccessRule.GUARANTEE);
    }

    public Builder other(String key, String value) {
      others.put(key, value);
      return this;
    }

    public LaunchSpec build() {
      return new LaunchSpec(
          argv,
          environment.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList(),
          directory,
          user,
          identity,
          hostname,
          mounts,
          files,
          secrets,
          copies,
          namespaces,
          capabilities,
          seccomp,
          init,
          terminal,
          limits,
          requires,
          rules,
          others);
    }
  }
}
