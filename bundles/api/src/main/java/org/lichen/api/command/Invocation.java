package org.lichen.api.command;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import org.lichen.api.Request;
import org.osgi.annotation.versioning.ProviderType;

/** One call of a command, parsed. */
@ProviderType
public interface Invocation {
  Request request();

  List<String> operands();

  /** By the first name of the option, in the order typed; a switch has the value {@code true}. */
  Map<String, List<String>> values();

  /** The caller's standard input; asked of the client on the first read. */
  InputStream in();

  PrintStream out();

  PrintStream err();
}
