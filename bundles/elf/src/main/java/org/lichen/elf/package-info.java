/**
 * Reads and edits what an ELF file tells its loader: needed libraries, search paths, interpreter,
 * soname, versions; 32 and 64 bits, both byte orders. Start from {@link org.lichen.elf.ElfInfo} and
 * {@link org.lichen.elf.ElfEdit}. Names of fields are those of the System V gABI, chapters 4 and 5.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package org.lichen.elf;
