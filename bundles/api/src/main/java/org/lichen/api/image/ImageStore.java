package org.lichen.api.image;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.Request;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The content-addressed store, a valid OCI image layout, and the unpacked layers. Any number of
 * threads and processes may use it at once; a kill at any moment leaves it consistent.
 */
@ProviderType
public interface ImageStore {
  /** Opens a writer; what it wrote and no image needs is collected after it is closed. */
  Writer writer() throws ContainerException;

  /** Gives an image a name, taking it from the image that had it. */
  void tag(ImageReference name, Image image) throws ContainerException;

  /**
   * By exact name, or by digest of manifest or configuration, or by at least 4 digits of the id.
   */
  Optional<Image> find(String nameOrId) throws ContainerException;

  Optional<Image> find(ImageReference name) throws ContainerException;

  /** All images, newest tag first; an image without a name has no names. */
  List<NamedImage> list() throws ContainerException;

  /** The file that is another one after every change of names and images. */
  Path index();

  /** Opens a blob; the caller closes it. */
  ReadableByteChannel open(Digest blob) throws ContainerException;

  /**
   * What is in a layer, read from its blob: with owners, modes and attributes as the image has
   * them, whiteouts as the OCI image specification writes them. The caller closes it.
   */
  EntryStream entries(Layer layer, Request request) throws ContainerException;

  /** Where a layer lies, packed if it is not unpacked yet; writes nothing. */
  LayerPath place(Layer layer) throws ContainerException;

  /** Where a layer lies unpacked; unpacked now if it was not yet. */
  LayerPath unpacked(Layer layer, Request request) throws ContainerException;

  /**
   * Takes a name away, or, by id, all names of an image; with the last name goes the image, and
   * every blob and layer that no other image needs. An image that a {@link Pins} service names is
   * only removed with {@code force}; its layers stay.
   */
  Removal remove(String nameOrId, boolean force) throws ContainerException;

  /** Removes what no image needs: after a kill, or an interrupted pull. */
  Removal collect() throws ContainerException;

  /** Looks for damage; with {@code rehash} reads every byte, with {@code repair} removes it. */
  Check check(boolean rehash, boolean repair) throws ContainerException;

  /** Writes content into the store. Thread-safe: layers may be written by several threads. */
  @ProviderType
  interface Writer extends AutoCloseable {
    boolean has(Digest digest);

    /** Whether the layer is there, and unpacked if it is a tar: nothing need be fetched. */
    boolean has(Layer layer);

    /**
     * Stores a blob; its digest is computed while it is written.
     *
     * @throws ContainerException CORRUPT if it is not the expected one; nothing is kept then
     */
    Digest blob(ReadableByteChannel in, Optional<Digest> expected) throws ContainerException;

    /**
     * Stores a layer, and unpacks it in the same pass if it is a tar or entries. At the same time
     * in two processes: once.
     */
    Layer layer(LayerContent content) throws ContainerException;

    /**
     * Makes an image of a manifest blob whose configuration and layers are in the store already.
     *
     * @throws ContainerException CORRUPT if something is missing or does not fit together
     */
    Image publish(Digest manifest) throws ContainerException;

    /** Makes an image from a configuration (its rootfs is filled in) and layers, lowest first. */
    Image compose(ImageConfig config, List<Layer> layers) throws ContainerException;

    @Override
    void close();
  }

  /** What a layer is read from. */
  sealed interface LayerContent {
    /** The digest of the blob, if the source knows it. */
    Optional<Digest> digest();

    /** The digest of the tar, if the source knows it. */
    Optional<Digest> diffId();

    /** A tar, plain or compressed with gzip, zstd or xz (found by content). */
    record Archive(Optional<Digest> digest, Optional<Digest> diffId, String mediaType, Bytes bytes)
        implements LayerContent {}

    /** What is kept as it is, and read by a {@link LayerReader} when it is to be unpacked. */
    record Packed(Optional<Digest> digest, String mediaType, Bytes bytes) implements LayerContent {
      /** No tar is in it: the blob is the layer. */
      @Override
      public Optional<Digest> diffId() {
        return digest;
      }
    }

    /** Entries of any other archive; the store writes the tar. */
    record Entries(Optional<Digest> digest, Optional<Digest> diffId, EntrySource source)
        implements LayerContent {}
  }

  /** Opens the bytes of a layer; the store closes them. */
  @FunctionalInterface
  interface Bytes {
    ReadableByteChannel open() throws IOException, ContainerException;
  }

  /** Opens a stream of entries; the store closes it. */
  @FunctionalInterface
  interface EntrySource {
    EntryStream open() throws IOException, ContainerException;
  }
}
