package org.lichen.runtime.setting;

/** A setting whose names have one value each. */
abstract class OneValue extends Described {
  OneValue(String type, String summary, String effective) {
    super(type, summary, effective);
  }

  @Override
  public final boolean single() {
    return true;
  }
}
