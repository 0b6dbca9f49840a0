# Sourced: what cannot be under --preload-engine symbols, by nature: static programs (compile, golang, signals, musl_looks), what the dynamic linker tells before the library is there (auxiliary),
# debuggers, which look for the program where the kernel has put another (debugger), code that makes system calls by itself (code_from_nowhere; with CALLS=libc others leave that out), and the host's character sets, which glibc maps (maps).
under_symbols() { grep -vxE 'compile|golang|signals|auxiliary|debugger|code_from_nowhere|maps|musl_looks'; }
