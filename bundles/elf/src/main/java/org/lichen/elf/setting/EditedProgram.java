package org.lichen.elf.setting;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.container.GuestFiles;
import org.lichen.api.container.Settings;
import org.lichen.elf.ElfEdit;
import org.lichen.elf.ElfException;
import org.lichen.elf.ElfInfo;
import org.lichen.elf.UneditableElfException;

/**
 * One program of a container, as it was and as its settings want it. Edits always begin with the
 * program as it was. In {@code elf/} of the container's directory lie, named by the digest of the
 * program's path:
 *
 * <pre>
 *   KEY            digest of the edited program: another one was put there by somebody else
 *   KEY.original   the program as it was, if it was the container's own
 * </pre>
 */
final class EditedProgram {
  private final GuestPath path;
  private final GuestFiles files;
  private final Path record;
  private final Path original;

  EditedProgram(GuestPath path, GuestFiles files) {
    this.path = path;
    this.files = files;
    String key = hex(digest().digest(path.value().getBytes(StandardCharsets.UTF_8)));
    this.record = files.directory().resolve("elf").resolve(key);
    this.original = record.resolveSibling(key + ".original");
  }

  /** Whether it is a program or library that is not linked statically. */
  boolean editable() throws IOException {
    try (FileChannel file = FileChannel.open(now(), StandardOpenOption.READ)) {
      if (!ElfInfo.recognises(file)) {
        return false;
      }
      ElfInfo.Kind kind = ElfInfo.read(file).kind();
      return kind == ElfInfo.Kind.PROGRAM || kind == ElfInfo.Kind.LIBRARY;
    } catch (ElfException damaged) {
      return false;
    }
  }

  /** {@code needed}: it is an error if the program is not there. */
  void become(Settings settings, boolean needed) throws ContainerException, IOException {
    ElfEdit edit = edit(settings);
    if (files.file(path).isEmpty()) {
      if (needed) {
        throw new ContainerException(
            Kind.NOT_FOUND, "no program " + path + " in the container", "");
      }
      forget();
      return;
    }
    Path edited = files.directory().resolve("elf.new");
    try {
      boolean ours = ours();
      boolean changed = edit.apply(asItWas(ours), edited);
      if (!changed) {
        undo(ours);
      } else if (!digest(edited).equals(digest(now()))) {
        keep(edited, ours);
        files.replace(path, edited);
      }
    } catch (ElfException e) {
      throw new ContainerException(
          Kind.CORRUPT, "cannot read program (" + path + "): " + e.getMessage(), "", e);
    } catch (UneditableElfException e) {
      throw new ContainerException(
          Kind.UNSUPPORTED, "cannot edit program (" + path + "): " + e.getMessage(), "", e);
    } finally {
      Files.deleteIfExists(edited);
    }
  }

  private ElfEdit edit(Settings settings) throws ContainerException {
    ElfEdit.Builder edit = ElfEdit.builder();
    try {
      for (String name : List.of(path.resolve("..").value(), path.value())) {
        settings.values("remove_needed", name).forEach(edit::removeNeeded);
        settings.values("add_needed", name).forEach(edit::addNeeded);
        settings.values("remove_rpath", name).forEach(edit::removeRpath);
        settings.values("add_rpath", name).forEach(edit::addRpath);
      }
    } catch (IllegalArgumentException e) {
      throw new ContainerException(Kind.USAGE, String.valueOf(e.getMessage()), "", e);
    }
    return edit.build();
  }

  private Path now() throws IOException {
    return files.file(path).orElseThrow(() -> new NoSuchFileException(path.value()));
  }

  /** Whether what is there now is what was put there for settings. */
  private boolean ours() throws IOException {
    return Files.exists(record) && Files.readAllLines(record).contains(digest(now()));
  }

  private Path asItWas(boolean ours) throws IOException {
    if (!ours) {
      return now();
    }
    return Files.exists(original)
        ? original
        : files.image(path).orElseThrow(() -> new NoSuchFileException(path.value()));
  }

  /** The digest of before stays too: a kill may come before the program is replaced. */
  private void keep(Path edited, boolean ours) throws IOException {
    Files.createDirectories(files.directory().resolve("elf"));
    if (!ours) {
      Files.deleteIfExists(original);
      if (files.own(path)) {
        Path beside = record.resolveSibling("new");
        Files.copy(
            now(), beside, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
        Files.move(beside, original, StandardCopyOption.ATOMIC_MOVE);
      }
    }
    Files.write(record, ours ? List.of(digest(edited), digest(now())) : List.of(digest(edited)));
  }

  private void undo(boolean ours) throws ContainerException, IOException {
    if (ours && Files.exists(original)) {
      files.replace(path, original);
    } else if (ours) {
      files.discard(path);
    }
    forget();
  }

  private void forget() throws IOException {
    Files.deleteIfExists(record);
    Files.deleteIfExists(original);
  }

  private static String digest(Path file) throws IOException {
    MessageDigest digest = digest();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return hex(digest.digest());
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible); // every Java has it
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
