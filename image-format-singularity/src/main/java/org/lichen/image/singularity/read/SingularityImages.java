package org.lichen.image.singularity.read;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.Progress;
import org.lichen.api.Request;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageFormat.Recognition;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageSource;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.ImageStore.LayerContent;
import org.lichen.api.image.Layer;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Platform;
import org.lichen.api.image.ReadOptions;
import org.lichen.image.singularity.sif.Architecture;
import org.lichen.image.singularity.sif.Sif;
import org.lichen.image.singularity.sif.SifObject;
import org.lichen.image.singularity.squashfs.Squashfs;

/** Makes an image of a file: its root file system is the one layer. */
public final class SingularityImages {
  /** What Apptainer begins with. */
  static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final ImageStore.Writer into;
  private final Request request;

  public SingularityImages(ImageStore.Writer into, Request request) {
    this.into = into;
    this.request = request;
  }

  public static Recognition recognize(ImageSource source) throws ContainerException {
    try {
      return ImageFile.form(source.peek(ImageFile.HEAD)) == ImageFile.Form.UNKNOWN
          ? Recognition.NO
          : Recognition.YES;
    } catch (IOException e) {
      throw unreadable(source.reference().toString(), e);
    }
  }

  public List<NamedImage> read(ImageSource source, ReadOptions options) throws ContainerException {
    String what = source.reference().toString();
    Path path =
        source
            .file()
            .orElseThrow(
                () ->
                    new ContainerException(
                        Kind.USAGE, "cannot read image (" + what + "): it is no file", ""));
    request.cancellation().check();
    try (ImageFile file = ImageFile.open(path, what)) {
      Map<String, Object> config = new LinkedHashMap<>();
      List<Layer> layers =
          file.oci() ? oci(file, options, what, config) : bare(file, options, what, config);
      source.stamp().ifPresent(stamp -> config.put(ImageSource.STAMP, stamp));
      request.cancellation().check();
      Image image = into.compose(new ImageConfig(config), layers);
      return List.of(new NamedImage(image, names(source)));
    } catch (IOException e) {
      throw unreadable(what, e);
    }
  }

  private List<Layer> bare(
      ImageFile file, ReadOptions options, String what, Map<String, Object> config)
      throws IOException, ContainerException {
    try (Squashfs root = file.squashfs()) {
      Platform platform = platform(file, options, what);
      new Policy(request).check(file, what);
      config.putAll(config(file, root, platform));
    }
    return List.of(
        layer(file, file.offset(), file.size(), Optional.empty(), SquashLayers.ROOT, what));
  }

  private List<Layer> oci(
      ImageFile file, ReadOptions options, String what, Map<String, Object> config)
      throws IOException, ContainerException {
    OciSif oci = new OciSif(file, what);
    OciSif.Found found = oci.find(options.wanted());
    new Policy(request).check(file, what);
    config.putAll(found.config());
    List<Layer> layers = new ArrayList<>();
    for (OciSif.Layer each : found.layers()) {
      if (each.squashfs()) {
        // There is nothing that the lowest could hide.
        String type = layers.isEmpty() ? SquashLayers.ROOT : SquashLayers.MARKED;
        Optional<Digest> digest = Optional.of(each.digest());
        layers.add(layer(file, each.object().offset(), each.object().size(), digest, type, what));
      } else {
        layers.add(into.layer(oci.archive(each)));
      }
    }
    return layers;
  }

  private static ContainerException unreadable(String what, IOException e) {
    if (e instanceof NoSuchFileException) {
      return new ContainerException(Kind.NOT_FOUND, "no such file: " + e.getMessage(), "", e);
    }
    boolean system = e instanceof java.nio.file.FileSystemException;
    return new ContainerException(
        system ? Kind.HOST : Kind.CORRUPT,
        "cannot read image (" + what + "): " + e.getMessage(),
        "",
        e);
  }

  /** A SIF names one; what names none is taken for what is wanted. */
  private static Platform platform(ImageFile file, ReadOptions options, String what)
      throws ContainerException {
    Platform wanted = options.wanted();
    Optional<Architecture> said =
        file.sif()
            .flatMap(sif -> sif.primary().flatMap(SifObject::architecture).or(sif::architecture));
    if (said.isEmpty()) {
      return wanted;
    }
    Platform there = new Platform("linux", said.get().go(), "");
    boolean runs32 =
        options.platform().isEmpty()
            && wanted.architecture().equals("amd64")
            && said.get() == Architecture.I386; // every kernel for amd64 runs it
    if (!wanted.accepts(there) && !runs32) {
      throw new ContainerException(
          Kind.UNSUPPORTED,
          "image (" + what + ") is for " + there + ", not for " + wanted,
          "build it for this machine, or name another file");
    }
    return there;
  }

  private Map<String, Object> config(ImageFile file, Squashfs root, Platform platform)
      throws IOException {
    Sections sections = new Sections(file, root);
    Map<String, Object> all = sections.all();
    Map<String, Object> execution = new LinkedHashMap<>();
    Optional<JsonNode> oci = sections.oci();
    boolean singularity = root.has(".singularity.d");
    oci.ifPresent(
        node ->
            execution.putAll(
                MAPPER.convertValue(node, new TypeReference<Map<String, Object>>() {})));
    execution.remove("Labels");
    boolean scripts = singularity && sections.shell();
    if (scripts || oci.isEmpty()) { // its scripts say what is started, and in what environment
      execution.keySet().removeAll(List.of("Entrypoint", "Cmd", "Env"));
      execution.putAll(start(root));
    }
    if (singularity && !scripts) { // which nobody in it can read
      Map<String, String> own = new LinkedHashMap<>();
      own.put("PATH", PATH);
      own.putAll(variables(execution));
      Exports.Found exports = sections.exports(own);
      own.putAll(exports.defaults());
      execution.put("Env", pairs(own));
      exports.set().entrySet().removeAll(own.entrySet());
      all.put("exports", exports.set());
      all.put("started", oci.isPresent());
    }
    Map<String, String> labels = sections.labels();
    if (!labels.isEmpty()) {
      execution.put("Labels", labels);
    }
    Map<String, Object> config = new LinkedHashMap<>();
    long made = file.sif().map(Sif::created).filter(time -> time > 0).orElseGet(root::made);
    config.put("created", Instant.ofEpochSecond(made).toString());
    config.put("architecture", platform.architecture());
    config.put("os", platform.os());
    config.put("config", execution);
    if (singularity) {
      config.put(Meaning.KEY, all);
    }
    return config;
  }

  private static Map<String, String> variables(Map<String, Object> execution) {
    Map<String, String> all = new LinkedHashMap<>();
    for (String pair : new ImageConfig(Map.of("config", execution)).environment()) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        all.put(pair.substring(0, equals), pair.substring(equals + 1));
      }
    }
    return all;
  }

  private static List<String> pairs(Map<String, String> variables) {
    return variables.entrySet().stream()
        .map(each -> each.getKey() + "=" + each.getValue())
        .toList();
  }

  /** For tools that know nothing of Singularity: the first of its entrances that is there. */
  private static Map<String, Object> start(Squashfs root) throws IOException {
    for (String path :
        List.of(".singularity.d/actions/run", ".singularity.d/runscript", "singularity")) {
      if (root.has(path)) {
        return Map.of("Entrypoint", List.of("/" + path));
      }
    }
    return Map.of("Cmd", List.of("/bin/sh"));
  }

  /** Of the file that was checked, whatever the path names by now. */
  private Layer layer(
      ImageFile file, long offset, long size, Optional<Digest> digest, String type, String what)
      throws ContainerException {
    try (Progress.Task task = request.progress().begin(what, OptionalLong.of(size))) {
      Layer layer =
          into.layer(
              new LayerContent.Packed(
                  digest,
                  type,
                  () -> new Part(file.file(), offset, size, request.cancellation(), task)));
      task.note("done");
      return layer;
    }
  }

  /**
   * {@code sif:} names the file itself; what was found in an archive gets the name of its file, if
   * that says what it is.
   */
  private static List<ImageReference> names(ImageSource source) {
    Path file = source.file().orElseThrow().toAbsolutePath().normalize();
    if (source.reference().transport().equals("sif")) {
      return List.of(
          new ImageReference("sif", file.toString(), Optional.empty(), Optional.empty()));
    }
    List<ImageReference> names = new ArrayList<>();
    String name = String.valueOf(file.getFileName());
    if (name.matches("[a-z0-9][a-z0-9._-]*\\.(sif|simg|sqsh|sqfs|squashfs|img)")
        && Files.isRegularFile(file)) {
      try {
        names.add(ImageReference.docker("localhost/" + name.substring(0, name.lastIndexOf('.'))));
      } catch (IllegalArgumentException notAName) {
        // then it has none
      }
    }
    return names;
  }
}
