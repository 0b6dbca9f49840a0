# Sourced by suites that need a driver: a tree as a driver of NVIDIA leaves it, for two GPUs, with libraries and programs that a compiler makes; nodes lead to harmless ones.
driver=$HOME/driver
driver_made() {
  have gcc && have ldconfig || return
  local lib=$driver/usr/lib/x86_64-linux-gnu gpu
  mkdir -p "$lib" "$driver/usr/bin" "$driver/dev" "$driver/etc" && cd "$lib" &&
    gcc -w -shared -fPIC -DVERSION=12040 -Wl,-soname,libcuda.so.1 -o libcuda.so.550.54 "$E2E/devices/cuda.c" && ln -sf libcuda.so.550.54 libcuda.so.1 && ln -sf libcuda.so.1 libcuda.so &&
    gcc -w -shared -fPIC -DVERSION=1 -Wl,-soname,libnvidia-ml.so.1 -o libnvidia-ml.so.550.54 "$E2E/devices/cuda.c" && ln -sf libnvidia-ml.so.550.54 libnvidia-ml.so.1 &&
    gcc -w -o "$driver/usr/bin/nvidia-smi" "$E2E/devices/smi.c" -ldl || return
  ln -sf /dev/null "$driver/dev/nvidiactl" && ln -sf /dev/null "$driver/dev/nvidia-uvm" && ln -sf /dev/zero "$driver/dev/nvidia0" && ln -sf /dev/null "$driver/dev/nvidia1" || return
  for gpu in 0 1; do # the second on the bus has the first node
    mkdir -p "$driver/proc/driver/nvidia/gpus/0000:0$gpu:00.0" &&
      printf 'Model: \t\t Test\nIRQ:   \t\t 7\nGPU UUID: \t GPU-%s0000000-aaaa\nDevice Minor: \t %s\n' $gpu $((1 - gpu)) >"$driver/proc/driver/nvidia/gpus/0000:0$gpu:00.0/information" || return
  done
  unshare -r "$(command -v ldconfig || echo /usr/sbin/ldconfig)" -r "$driver" 2>"$TMPDIR/why" || skip "ldconfig -r: $(cat "$TMPDIR/why")"
}
configured() { # TEXT: the whole of the user's configuration
  mkdir -p "$HOME/.config/lichen" && printf '%s\n' "$1" >"$HOME/.config/lichen/config.yaml"
}
