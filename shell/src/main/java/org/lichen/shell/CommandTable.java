package org.lichen.shell;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.Function;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.command.Command;
import org.lichen.api.container.Setting;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Images;
import org.lichen.api.launch.HostProfiles;
import org.lichen.api.launch.LaunchContributor;
import org.lichen.api.runtime.ContainerRuntime;
import org.lichen.api.runtime.Plugins;
import org.lichen.shell.base.CommandEntry;
import org.lichen.shell.base.PicoFunction;
import org.lichen.shell.base.Services;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/**
 * The table of commands: registers ours, and every {@link Command} service of a plugin, as Gogo
 * commands in scope {@code lichen}; knows them all, those that somebody else registered included.
 */
@Component(service = CommandTable.class)
public final class CommandTable {
  static final String SCOPE = "lichen";

  @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
  volatile List<Setting> settings = List.of();

  @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
  volatile List<HostProfiles> hostProfiles = List.of();

  @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
  volatile List<LaunchContributor> contributors = List.of();

  private final BundleContext framework;
  private final CommandProcessor processor;
  private final Services services;
  private final Map<String, CommandEntry> own = new LinkedHashMap<>();
  private final Map<Command, ServiceRegistration<Function>> plugged = new LinkedHashMap<>();

  @Activate
  public CommandTable(
      BundleContext framework,
      @Reference CommandProcessor processor,
      @Reference ContainerRuntime runtime,
      @Reference Images images,
      @Reference ImageStore store,
      @Reference Plugins plugins) {
    this.framework = framework;
    this.processor = processor;
    this.services =
        new Services(
            runtime,
            images,
            store,
            plugins,
            () -> settings,
            () -> hostProfiles.stream().flatMap(each -> each.all().stream()).toList(),
            () -> contributors,
            framework.getProperty("lichen.home"),
            framework.getBundle().getVersion().toString(),
            String.valueOf(framework.getProperty("lichen.build")));
    OwnCommands.all(this).forEach(this::register);
  }

  CommandProcessor processor() {
    return processor;
  }

  Services services() {
    return services;
  }

  private void register(String group, List<OwnCommands.Own> commands) {
    for (OwnCommands.Own command : commands) {
      own.put(command.name(), new CommandEntry(command.name(), group, command.summary()));
      register(command.name(), new PicoFunction(command.maker()));
    }
  }

  private ServiceRegistration<Function> register(String name, Function function) {
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put(CommandProcessor.COMMAND_SCOPE, SCOPE);
    properties.put(CommandProcessor.COMMAND_FUNCTION, name);
    return framework.registerService(
        Function.class, function, FrameworkUtil.asDictionary(properties));
  }

  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  synchronized void addCommand(Command command) {
    plugged.put(command, register(command.name(), new PluggedFunction(command)));
  }

  synchronized void removeCommand(Command command) {
    ServiceRegistration<Function> registration = plugged.remove(command);
    if (registration != null) {
      registration.unregister();
    }
  }

  /** Every command, by group and name. */
  public synchronized List<CommandEntry> entries() {
    Map<String, CommandEntry> all = new LinkedHashMap<>();
    for (String name : gogo()) {
      all.put(name, new CommandEntry(name, "Plugins", ""));
    }
    plugged
        .keySet()
        .forEach(c -> all.put(c.name(), new CommandEntry(c.name(), c.group(), c.summary())));
    all.putAll(own);
    List<CommandEntry> sorted = new ArrayList<>(all.values());
    sorted.sort(Comparator.comparing(CommandEntry::name));
    return sorted;
  }

  /** Names of every Gogo command in our scope, whoever registered it. */
  private Set<String> gogo() {
    Set<String> names = new TreeSet<>();
    try {
      ServiceReference<?>[] found =
          framework.getAllServiceReferences(
              null, "(" + CommandProcessor.COMMAND_SCOPE + "=" + SCOPE + ")");
      for (ServiceReference<?> one : found == null ? new ServiceReference<?>[0] : found) {
        Object functions = one.getProperty(CommandProcessor.COMMAND_FUNCTION);
        if (functions instanceof String[] many) {
          names.addAll(List.of(many));
        } else if (functions != null) {
          names.add(functions.toString());
        }
      }
    } catch (org.osgi.framework.InvalidSyntaxException impossible) {
      throw new IllegalStateException(impossible);
    }
    return names;
  }

  /** The failure for a name that is no command, with the likeliest right one. */
  ContainerException unknown(String name) {
    String best = "";
    int distance = 3;
    for (CommandEntry entry : entries()) {
      int d = distance(name, entry.name());
      if (d < distance || (entry.name().startsWith(name) && name.length() > 1 && best.isEmpty())) {
        best = entry.name();
        distance = Math.min(d, distance);
      }
    }
    return new ContainerException(
        Kind.USAGE,
        "'" + name + "' is not a command",
        best.isEmpty() ? "lichen help lists the commands" : "did you mean: lichen " + best);
  }

  /** Damerau's distance of two words: insertions, deletions, replacements, swaps. */
  private static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
