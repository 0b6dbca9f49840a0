package org.lichen.front.boot;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** The framework's cache: a directory named after the process, removed with it or by the next. */
final class Cache {
  private Cache() {}

  static Path make(Path caches) throws IOException {
    Files.createDirectories(caches);
    try (DirectoryStream<Path> old = Files.newDirectoryStream(caches)) {
      for (Path one : old) {
        if (!Files.exists(Path.of("/proc", one.getFileName().toString()))) {
          remove(one); // its process was killed
        }
      }
    }
    Path own = caches.resolve(Long.toString(ProcessHandle.current().pid()));
    remove(own);
    return Files.createDirectories(own);
  }

  static void remove(Path tree) {
    try {
      Files.walkFileTree(
          tree,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException failure)
                throws IOException {
              Files.delete(directory);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException left) {
      // a cache in the run directory: the next process tries again
    }
  }
}
