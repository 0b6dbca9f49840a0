package org.lichen.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;

/** JSON objects as maps, read with care: what has the wrong type is not there. */
final class Json {
  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(
              SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS); // the same image, the same digest

  private Json() {}

  /** {@code what} names the object in the failure. */
  static Map<String, Object> read(byte[] json, String what) throws ContainerException {
    try {
      Map<String, Object> map = MAPPER.readValue(json, new TypeReference<>() {});
      if (map != null) {
        return map;
      }
    } catch (JsonProcessingException e) {
      throw Failures.corrupt(what + " is not valid JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new ContainerException(ContainerException.Kind.INTERNAL, what + ": " + e, "", e);
    }
    throw Failures.corrupt(what + " is not a JSON object");
  }

  static byte[] write(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e); // only ever maps, lists, texts and numbers
    }
  }

  static Map<String, Object> map(Map<String, Object> in, String key) {
    return asMap(in.getOrDefault(key, Map.of()));
  }

  private static Map<String, Object> asMap(Object value) {
    Map<String, Object> map = new LinkedHashMap<>();
    if (value instanceof Map<?, ?> found) {
      found.forEach((k, v) -> map.put(String.valueOf(k), v));
    }
    return map;
  }

  static List<Map<String, Object>> maps(Map<String, Object> in, String key) {
    List<Map<String, Object>> maps = new ArrayList<>();
    if (in.get(key) instanceof List<?> list) {
      list.forEach(item -> maps.add(asMap(item)));
    }
    return maps;
  }

  static String text(Map<String, Object> in, String key) {
    return in.get(key) instanceof String text ? text : "";
  }

  static long number(Map<String, Object> in, String key) {
    return in.get(key) instanceof Number number ? number.longValue() : 0;
  }

  static Digest digest(Map<String, Object> in, String key, String what) throws ContainerException {
    try {
      return Digest.parse(text(in, key));
    } catch (IllegalArgumentException e) {
      throw Failures.corrupt(what + ": " + e.getMessage());
    }
  }
}
