package org.lichen.store;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.Request;
import org.lichen.api.image.Check;
import org.lichen.api.image.EntryStream;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageReference;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Layer;
import org.lichen.api.image.LayerPath;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Removal;
import org.lichen.posix.FileLock;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * The store on disk (DESIGN 4): see {@link Places} for what lies where. Stateless but for caches.
 */
@Component(service = ImageStore.class)
public final class OciStore implements ImageStore {
  private static final System.Logger LOG = System.getLogger(OciStore.class.getName());

  private final Places places;
  private final Layout layout;
  private final ImageIndex index;
  private final Manifests manifests;
  private final Blobs blobs;
  private final Layers layers;
  private final LayerReaders readers;
  private final StoreLock lock;
  private final Garbage garbage;
  private final PinnedImages pinned;
  private final LayerRemoval removal;

  /** The store of a running Lichen: framework property {@code lichen.home} says where. */
  @Activate
  public OciStore(
      BundleContext framework,
      @Reference PinnedImages pinned,
      @Reference LayerRemoval removal,
      @Reference LayerReaders readers) {
    this(home(framework), pinned, removal, readers);
  }

  private static Path home(BundleContext framework) {
    String home = framework.getProperty("lichen.home");
    if (home == null) {
      throw new IllegalStateException("framework property lichen.home is not set");
    }
    return Path.of(home);
  }

  /** A store in {@code home}, which need not exist yet; nothing is written by reading. */
  public OciStore(Path home, PinnedImages pinned) {
    this(home, pinned, new LayerReaders());
  }

  /** The same, with plugins that read layers which are no tars. */
  public OciStore(Path home, PinnedImages pinned, LayerReaders readers) {
    this(home, pinned, LayerRemoval.OWN, readers);
  }

  private OciStore(Path home, PinnedImages pinned, LayerRemoval removal, LayerReaders readers) {
    this.places = new Places(home);
    this.layout = new Layout(places);
    this.index = new ImageIndex(places, layout);
    this.manifests = new Manifests(places);
    this.blobs = new Blobs(places);
    this.readers = readers;
    this.layers = new Layers(places, layout, blobs, readers);
    this.lock = new StoreLock(places, removal);
    this.garbage = new Garbage(places, manifests, removal);
    this.pinned = pinned;
    this.removal = removal;
  }

  @Override
  public Writer writer() throws ContainerException {
    make();
    return new StoreWriter(blobs, layers, manifests, index, lock.shared(), this::collectIfFree);
  }

  private void make() throws ContainerException {
    if (layout.exists()) {
      return;
    }
    try {
      layout.makeDirectories();
      try (FileLock held = lock.shared()) {
        layout.makeFiles();
      }
    } catch (IOException e) {
      throw Failures.told("cannot make the store (" + places.home() + ")", e);
    }
  }

  @Override
  public void tag(ImageReference name, Image image) throws ContainerException {
    try (FileLock held = lock.shared()) {
      if (!present().contains(image.manifest())) {
        throw new ContainerException(
            Kind.NOT_FOUND, "image (" + image.id() + ") is not in the store", "");
      }
      index.name(image.manifest(), Name.of(name));
    }
  }

  private Set<Digest> present() throws ContainerException {
    Set<Digest> all = new LinkedHashSet<>();
    index.read().forEach(entry -> all.add(entry.manifest()));
    return all;
  }

  @Override
  public Optional<Image> find(String nameOrId) throws ContainerException {
    Optional<Digest> manifest = manifest(nameOrId);
    return manifest.isPresent() ? Optional.of(manifests.image(manifest.get())) : Optional.empty();
  }

  @Override
  public Optional<Image> find(ImageReference name) throws ContainerException {
    Optional<Digest> manifest = byName(Name.of(name)::equals);
    if (manifest.isEmpty() && name.digest().isPresent()) {
      manifest = name.digest().filter(present()::contains);
    }
    return manifest.isPresent() ? Optional.of(manifests.image(manifest.get())) : Optional.empty();
  }

  private Optional<Digest> byName(Predicate<Name> which) throws ContainerException {
    return index.read().stream()
        .filter(entry -> entry.name().map(which::test).orElse(false))
        .map(ImageIndex.Entry::manifest)
        .findFirst();
  }

  private Optional<Digest> manifest(String nameOrId) throws ContainerException {
    Optional<Name> name = named(nameOrId);
    return name.isPresent() ? byName(name.get()::equals) : byId(nameOrId);
  }

  private Optional<Digest> byId(String typed) throws ContainerException {
    String text = typed.substring(typed.indexOf('@') + 1).toLowerCase(Locale.ROOT);
    String hex = text.startsWith("sha256:") ? text.substring("sha256:".length()) : text;
    if (hex.length() < 4 || !hex.chars().allMatch(c -> Character.digit(c, 16) >= 0)) {
      return Optional.empty();
    }
    Map<Digest, Digest> found = new LinkedHashMap<>();
    for (Digest manifest : present()) {
      if (manifest.hex().equals(hex)) {
        return Optional.of(manifest);
      }
      Digest id = id(manifest);
      if (id.hex().startsWith(hex)) {
        found.putIfAbsent(id, manifest);
      }
    }
    if (found.size() > 1) {
      throw new ContainerException(
          Kind.USAGE,
          "image id '" + typed + "' fits " + found.size() + " images",
          "give more digits: lichen images --no-trunc");
    }
    return found.values().stream().findFirst();
  }

  /** The id of an image, or, of one that cannot be read, its manifest. */
  private Digest id(Digest manifest) {
    try {
      return manifests.image(manifest).id();
    } catch (ContainerException damaged) {
      return manifest;
    }
  }

  @Override
  public List<NamedImage> list() throws ContainerException {
    Map<Digest, List<ImageReference>> names = new LinkedHashMap<>();
    for (ImageIndex.Entry entry : index.read()) {
      List<ImageReference> of = names.computeIfAbsent(entry.manifest(), m -> new ArrayList<>());
      entry.name().flatMap(Name::reference).ifPresent(of::add);
    }
    List<NamedImage> images = new ArrayList<>();
    for (Map.Entry<Digest, List<ImageReference>> one : names.entrySet()) {
      try {
        images.add(new NamedImage(manifests.image(one.getKey()), one.getValue()));
      } catch (ContainerException damaged) {
        LOG.log(System.Logger.Level.WARNING, damaged.getMessage()); // a list must not fail for it
      }
    }
    return images;
  }

  @Override
  public Path index() {
    return places.index();
  }

  @Override
  public ReadableByteChannel open(Digest blob) throws ContainerException {
    return blobs.open(blob);
  }

  @Override
  public EntryStream entries(Layer layer, Request request) throws ContainerException {
    return layers.entries(layer, request);
  }

  @Override
  public LayerPath place(Layer layer) throws ContainerException {
    Path directory = places.layer(layer.diffId());
    Optional<String> kind =
        layers.unpacked(layer.diffId()) || !blobs.has(layer.digest())
            ? Optional.empty()
            : readers.of(layer).flatMap(reader -> reader.lower(layer.mediaType()));
    return new LayerPath(
        layer.diffId(),
        directory.resolve(Places.FILES),
        directory.resolve(Places.INDEX),
        layout.whiteouts().word(),
        kind.map(it -> new LayerPath.Packed(places.blob(layer.digest()), it, 0)));
  }

  @Override
  public LayerPath unpacked(Layer layer, Request request) throws ContainerException {
    if (!layers.unpacked(layer.diffId())) {
      make();
      try (FileLock held = lock.shared()) {
        layers.unpack(layer, request);
      }
    }
    return place(layer).unpacked();
  }

  @Override
  public Removal remove(String nameOrId, boolean force) throws ContainerException {
    Digest manifest =
        manifest(nameOrId)
            .orElseThrow(
                () ->
                    new ContainerException(
                        Kind.NOT_FOUND, "image '" + nameOrId + "' is not in the store", ""));
    Optional<Name> one = named(nameOrId);
    List<String> untagged = new ArrayList<>();
    boolean last =
        index.read().stream()
            .filter(e -> e.manifest().equals(manifest))
            .allMatch(e -> one.isEmpty() || e.name().isEmpty() || e.name().equals(one));
    if (last && !force) {
      pinned.refuse(nameOrId, manifest);
    }
    Digest id = id(manifest);
    index.update(
        entries -> {
          untagged.clear();
          entries.removeIf(
              e -> {
                boolean goes = e.manifest().equals(manifest) && (last || e.name().equals(one));
                if (goes) {
                  e.name().ifPresent(name -> untagged.add(name.full()));
                }
                return goes;
              });
          return entries;
        });
    if (!last) {
      return new Removal(untagged, List.of(), List.of(), 0);
    }
    Garbage.Removed removed = collectIfPossible();
    return new Removal(untagged, List.of(id), removed.blobs(), removed.bytes());
  }

  /** The name that a text stands for in the index, if it is one. */
  private Optional<Name> named(String text) throws ContainerException {
    Optional<Name> typed = Name.typed(text);
    return index.read().stream()
        .flatMap(e -> e.name().stream())
        .filter(name -> name.full().equals(text) || typed.equals(Optional.of(name)))
        .findFirst();
  }

  @Override
  public Removal collect() throws ContainerException {
    if (!layout.exists()) {
      return new Removal(List.of(), List.of(), List.of(), 0);
    }
    Garbage.Removed removed = collectIfPossible();
    return new Removal(List.of(), List.of(), removed.blobs(), removed.bytes());
  }

  /**
   * While somebody writes nothing is removed: whoever waited could wait for a pull of hours. What
   * is left then is removed by the next collection.
   */
  private Garbage.Removed collectIfPossible() throws ContainerException {
    Optional<FileLock> alone = lock.exclusive();
    if (alone.isEmpty()) {
      return new Garbage.Removed(List.of(), 0);
    }
    try (FileLock held = alone.get()) {
      Set<Digest> roots = present();
      roots.addAll(pinned.manifests());
      return garbage.remove(roots);
    }
  }

  private void collectIfFree() {
    try {
      collectIfPossible();
    } catch (ContainerException e) {
      // The writer's own failure is what the user must see; the garbage stays for the next one.
      System.getLogger(OciStore.class.getName())
          .log(System.Logger.Level.WARNING, e.getMessage(), e);
    }
  }

  @Override
  public Check check(boolean rehash, boolean repair) throws ContainerException {
    if (!layout.exists()) {
      return new Check(List.of(), List.of());
    }
    return new Checker(places, index, manifests, lock, removal).check(rehash, repair);
  }
}
