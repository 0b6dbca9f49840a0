package org.lichen.shell.base;

import org.lichen.api.image.Platform;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** {@code os/architecture[/variant]}. */
public final class PlatformConverter implements ITypeConverter<Platform> {
  @Override
  public Platform convert(String text) {
    try {
      return Platform.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }
}
