package org.lichen.posix;

import com.sun.jna.Native;
import java.io.IOException;
import org.lichen.api.ContainerException;

/** A system call failed. Its message says which call on which file, and why. */
public final class PosixException extends IOException {
  private static final long serialVersionUID = 1;
  private final int errno;

  public PosixException(int errno, String call, String which) {
    super(call + " '" + which + "': " + Errno.truth(errno) + " (" + Errno.name(errno) + ")");
    this.errno = errno;
  }

  /** The failure of the call that this thread made last. */
  static PosixException last(String call, byte[] which) {
    return new PosixException(Native.getLastError(), call, Bytes.shown(which));
  }

  public int errno() {
    return errno;
  }

  /** Whether there is no room: neither a retry nor another image will help. */
  public boolean full() {
    return errno == Errno.ENOSPC || errno == Errno.EDQUOT;
  }

  /** The failure as a user should see it; {@code what} says what was tried, with its object. */
  public ContainerException told(String what) {
    return Errno.told(errno, what, this);
  }
}
