package org.lichen.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.posix.FileLock;

/** Reads and replaces index.json. What other tools wrote into it stays as it is. */
final class ImageIndex {
  private final Places places;
  private final Layout layout;

  ImageIndex(Places places, Layout layout) {
    this.places = places;
    this.layout = layout;
  }

  /** One descriptor; with {@code name}, a name of the manifest. */
  record Entry(Digest manifest, Optional<Name> name, Map<String, Object> raw) {
    static Entry of(String mediaType, Digest manifest, long size, Optional<Name> name) {
      Map<String, Object> raw = new LinkedHashMap<>();
      raw.put("mediaType", mediaType);
      raw.put("digest", manifest.toString());
      raw.put("size", size);
      name.ifPresent(n -> raw.put("annotations", n.annotations()));
      return new Entry(manifest, name, raw);
    }

    /** The same manifest under another name, or under none. */
    Entry named(Optional<Name> other) {
      return of(Json.text(raw, "mediaType"), manifest, Json.number(raw, "size"), other);
    }
  }

  /** Newest name first. */
  List<Entry> read() throws ContainerException {
    return entries(document());
  }

  private Map<String, Object> document() throws ContainerException {
    String what = "image index (" + places.index() + ")";
    try {
      return Json.read(Files.readAllBytes(places.index()), what);
    } catch (NoSuchFileException e) {
      return new LinkedHashMap<>(Map.of("schemaVersion", 2));
    } catch (IOException e) {
      throw Failures.told("cannot read " + what, e);
    }
  }

  private List<Entry> entries(Map<String, Object> document) throws ContainerException {
    List<Entry> entries = new ArrayList<>();
    for (Map<String, Object> raw : Json.maps(document, "manifests")) {
      Digest manifest = Json.digest(raw, "digest", "image index (" + places.index() + ")");
      entries.add(new Entry(manifest, Name.of(Json.map(raw, "annotations")), raw));
    }
    return entries;
  }

  /** Changes the entries in one step; {@code change} may run while other processes read. */
  void update(UnaryOperator<List<Entry>> change) throws ContainerException {
    try (FileLock lock = FileLock.acquire(places.indexLock(), FileLock.Mode.EXCLUSIVE)) {
      Map<String, Object> document = document();
      List<Entry> before = entries(document);
      List<Entry> after = change.apply(new ArrayList<>(before));
      if (!after.equals(before)) {
        document.put("manifests", after.stream().map(Entry::raw).toList());
        layout.replace(places.index(), Json.write(document));
      }
    } catch (IOException e) {
      throw Failures.told("cannot write image index (" + places.index() + ")", e);
    }
  }

  /** Adds a manifest without a name, unless it is there. */
  void add(String mediaType, Digest manifest, long size) throws ContainerException {
    update(
        entries -> {
          if (entries.stream().noneMatch(e -> e.manifest().equals(manifest))) {
            entries.add(0, Entry.of(mediaType, manifest, size, Optional.empty()));
          }
          return entries;
        });
  }

  /** Names a manifest that is there; whoever had the name has it no more. */
  void name(Digest manifest, Name name) throws ContainerException {
    update(
        entries -> {
          Optional<Entry> known =
              entries.stream().filter(e -> e.manifest().equals(manifest)).findFirst();
          List<Entry> after = without(entries, e -> name.equals(e.name().orElse(null)));
          known.ifPresent(
              entry -> {
                after.removeIf(e -> e.manifest().equals(manifest) && e.name().isEmpty());
                after.add(0, entry.named(Optional.of(name)));
              });
          return after;
        });
  }

  /** Takes names away; an image that had no other stays, without one. */
  private static List<Entry> without(
      List<Entry> entries, java.util.function.Predicate<Entry> which) {
    List<Entry> after = new ArrayList<>();
    for (Entry entry : entries) {
      if (!which.test(entry)) {
        after.add(entry);
      } else if (entries.stream()
          .noneMatch(e -> e.manifest().equals(entry.manifest()) && !which.test(e))) {
        after.add(entry.named(Optional.empty()));
      }
    }
    return after;
  }
}
