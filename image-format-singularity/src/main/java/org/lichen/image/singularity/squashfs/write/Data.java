package org.lichen.image.singularity.squashfs.write;

import java.util.Arrays;

/** Where the data of a file lies; filled in until {@link SquashWriter#finish}. */
public final class Data {
  static final long NO_FRAGMENT = 0xffffffffL;
  static final Data EMPTY = new Data(0);

  final long size;
  long start = -1;
  long sparse;
  long fragment = NO_FRAGMENT;
  int offset;
  private int[] words = new int[1];
  private int count;

  Data(long size) {
    this.size = size;
  }

  /** Takes a place in the list of blocks; a hole until it is {@link #set}. */
  int next() {
    if (count == words.length) {
      words = Arrays.copyOf(words, 2 * count);
    }
    return count++;
  }

  void set(int index, int word) {
    words[index] = word;
  }

  int count() {
    return count;
  }

  int word(int index) {
    return words[index];
  }
}
