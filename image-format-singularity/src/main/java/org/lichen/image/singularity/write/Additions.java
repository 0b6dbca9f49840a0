package org.lichen.image.singularity.write;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.lichen.api.image.Entry;
import org.lichen.api.image.ImageConfig;
import org.lichen.image.singularity.squashfs.write.Node;
import org.lichen.image.singularity.squashfs.write.SquashWriter;

/**
 * What Apptainer needs in a root file system (its user guide, "Metadata"): scripts for environment
 * and actions, made of the image's configuration, and mount points. What is there stays.
 */
final class Additions {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final String ENVIRONMENT =
      """
      #!/bin/sh
      for script in /.singularity.d/env/*.sh; do
        if [ -f "$script" ]; then . "$script"; fi
      done
      """;

  private final Node root;
  private final SquashWriter to;
  private final long seconds;

  Additions(Node root, SquashWriter to, long seconds) {
    this.root = root;
    this.to = to;
    this.seconds = seconds;
  }

  void add(ImageConfig config) throws IOException {
    for (String directory : List.of("dev", "proc", "sys", "root", "home", "var/tmp", "etc")) {
      directory(directory, 0755);
    }
    directory("tmp", 01777);
    if (root.children().containsKey(bytes(".singularity.d"))) {
      return; // it was made by Singularity, and knows better
    }
    directory(".singularity.d/libs", 0755);
    script(".singularity.d/env/01-base.sh", "#!/bin/sh\n");
    script(".singularity.d/env/10-docker2singularity.sh", environment(config.environment()));
    script(".singularity.d/env/90-environment.sh", "#!/bin/sh\n");
    script(".singularity.d/runscript", run(config));
    script(".singularity.d/startscript", "#!/bin/sh\n");
    script(".singularity.d/actions/exec", ENVIRONMENT + "exec \"$@\"\n");
    script(".singularity.d/actions/run", ENVIRONMENT + "exec /.singularity.d/runscript \"$@\"\n");
    script(
        ".singularity.d/actions/start", ENVIRONMENT + "exec /.singularity.d/startscript \"$@\"\n");
    script(
        ".singularity.d/actions/shell",
        ENVIRONMENT
            + "if [ -x /bin/bash ]; then exec /bin/bash --norc \"$@\"; fi\nexec /bin/sh \"$@\"\n");
    script(
        ".singularity.d/actions/test",
        ENVIRONMENT
            + "if [ -x /.singularity.d/test ]; then exec /.singularity.d/test \"$@\"; fi\n"
            + "echo 'no test script found' >&2\nexit 1\n");
    file(
        ".singularity.d/labels.json",
        0644,
        bytes(MAPPER.writeValueAsString(new TreeMap<>(config.labels())) + "\n"));
    link("singularity", ".singularity.d/runscript");
    link("environment", ".singularity.d/env/90-environment.sh");
    for (String action : List.of("run", "exec", "shell", "test")) {
      link("." + action, ".singularity.d/actions/" + action);
    }
  }

  /** The path is the image's; any other variable is the caller's where he has it. */
  private static String environment(List<String> pairs) {
    StringBuilder script = new StringBuilder("#!/bin/sh\n");
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      String value = equals < 0 ? "" : pair.substring(equals + 1);
      if (name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
        if (!name.equals("PATH")) {
          script.append("[ -n \"${").append(name).append("+x}\" ] || ");
        }
        script.append("export ").append(name).append('=').append(quoted(value)).append('\n');
      }
    }
    return script.toString();
  }

  /** As a container: the command is what arguments replace. */
  private static String run(ImageConfig config) {
    StringBuilder script = new StringBuilder("#!/bin/sh\n");
    List<String> words = new ArrayList<>(config.entrypoint());
    if (words.isEmpty() && config.command().isEmpty()) {
      return script.append("exec /bin/sh \"$@\"\n").toString();
    }
    if (!config.command().isEmpty()) {
      script.append("[ $# -gt 0 ] || set --").append(words(config.command())).append('\n');
    }
    return script.append("exec").append(words(words)).append(" \"$@\"\n").toString();
  }

  private static String words(List<String> words) {
    StringBuilder all = new StringBuilder();
    words.forEach(word -> all.append(' ').append(quoted(word)));
    return all.toString();
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The directory of a path; made if it is missing. Empty where there is something else. */
  private Optional<Node> directory(String path, int mode) {
    Node at = root;
    for (String name : path.split("/", -1)) {
      Node next = at.children().get(bytes(name));
      if (next == null) {
        next = Node.directory(mode, seconds);
        at.children().put(bytes(name), next);
      }
      if (!next.directory()) {
        return Optional.empty(); // a link, which leads to where the image wants it
      }
      at = next;
    }
    return Optional.of(at);
  }

  private void script(String path, String text) throws IOException {
    file(path, 0755, bytes(text));
  }

  private void file(String path, int mode, byte[] content) throws IOException {
    Node node = node(Entry.Type.FILE, mode, new byte[0]);
    node.data(
        to.data(
            content.length,
            List.of(new Entry.Extent(0, content.length)),
            Channels.newChannel(new ByteArrayInputStream(content))));
    int slash = path.lastIndexOf('/');
    directory(path.substring(0, slash), 0755)
        .orElseThrow() // below .singularity.d, which was not there
        .children()
        .put(bytes(path.substring(slash + 1)), node);
  }

  private void link(String name, String target) {
    root.children().putIfAbsent(bytes(name), node(Entry.Type.SYMLINK, 0777, bytes(target)));
  }

  private Node node(Entry.Type type, int mode, byte[] link) {
    return new Node(type, mode, 0, 0, seconds, Arrays.copyOf(link, link.length), 0, 0, Map.of());
  }
}
