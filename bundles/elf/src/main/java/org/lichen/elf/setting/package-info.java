/**
 * The settings of containers that edit programs: {@code add_needed} and its like. Start from {@link
 * org.lichen.elf.setting.ElfSetting} and {@link org.lichen.elf.setting.EditedProgram}.
 */
package org.lichen.elf.setting;
