/**
 * The CLI. {@link org.lichen.shell.CommandLine} runs one command line; the commands are in the
 * packages below, each a {@link org.lichen.shell.base.PicoCommand}.
 */
package org.lichen.shell;
