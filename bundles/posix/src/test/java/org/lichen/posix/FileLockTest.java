package org.lichen.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLockTest {
  @TempDir Path directory;

  @Test
  void tryAcquire_heldInSameProcess_isRefused() throws Exception {
    Path file = directory.resolve("lock");
    assertThat(FileLock.held(file)).isFalse();
    try (FileLock mine = FileLock.acquire(file, FileLock.Mode.SHARED)) {
      assertThat(FileLock.held(file)).isTrue();
      assertThat(FileLock.tryAcquire(file, FileLock.Mode.EXCLUSIVE)).isEmpty();
      try (FileLock other = FileLock.tryAcquire(file, FileLock.Mode.SHARED).orElseThrow()) {
        assertThat(mine.tryExclude()).isFalse();
        assertThat(other).isNotNull();
      }
      assertThat(mine.tryExclude()).isTrue();
      assertThat(FileLock.tryAcquire(file, FileLock.Mode.SHARED)).isEmpty();
      mine.share();
      FileLock.tryAcquire(file, FileLock.Mode.SHARED).orElseThrow().close();
    }
    assertThat(FileLock.held(file)).isFalse();
    assertThat(FileLock.tryAcquire(file, FileLock.Mode.EXCLUSIVE)).isPresent();
  }

  @Test
  void acquire_fileDeletedByHolder_locksTheNewFile() throws Exception {
    Path file = directory.resolve("lock");
    FileLock first = FileLock.acquire(file, FileLock.Mode.EXCLUSIVE);
    var waiting =
        java.util.concurrent.CompletableFuture.supplyAsync(
            () -> {
              try {
                return FileLock.acquire(file, FileLock.Mode.EXCLUSIVE);
              } catch (PosixException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    Thread.sleep(50);
    first.delete();
    try (FileLock second = waiting.get(5, TimeUnit.SECONDS)) {
      assertThat(second).isNotNull();
      assertThat(Files.exists(file)).isTrue();
      assertThat(FileLock.held(file)).isTrue();
    }
  }

  @Test
  void held_lockOfAnotherProcess_isSeenAndEndsWithIt() throws Exception {
    Path file = directory.resolve("lock");
    // Python's lockf() takes POSIX locks, which conflict with those of open files.
    Process other =
        new ProcessBuilder(
                org.lichen.testkit.Needs.program("python3").toString(),
                "-c",
                "import fcntl,sys; f=open(sys.argv[1],'w'); fcntl.lockf(f,fcntl.LOCK_EX); "
                    + "print('held',flush=True); sys.stdin.read()",
                file.toString())
            .start();
    assertThat(other.getInputStream().read()).isEqualTo('h');
    assertThat(FileLock.held(file)).isTrue();
    assertThat(FileLock.tryAcquire(file, FileLock.Mode.EXCLUSIVE)).isEmpty();
    other.destroyForcibly().waitFor();
    assertThat(FileLock.held(file)).isFalse();
  }
}
