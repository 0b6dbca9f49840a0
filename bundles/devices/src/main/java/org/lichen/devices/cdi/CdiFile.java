package org.lichen.devices.cdi;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** One file: devices of one kind, in its order, and what all of them need. Immutable. */
record CdiFile(Path path, String kind, Map<String, Edits> devices, Edits all) {
  CdiFile {
    devices = Collections.unmodifiableMap(new LinkedHashMap<>(devices));
  }
}
