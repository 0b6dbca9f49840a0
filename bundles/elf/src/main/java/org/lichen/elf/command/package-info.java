/** {@code lichen elf}. Start from {@link org.lichen.elf.command.ElfCommand}. */
package org.lichen.elf.command;
