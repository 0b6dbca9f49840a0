package org.lichen.devices.driver;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What the driver of a vendor has, wherever it is installed: {@code label}, for people; {@code
 * kind} of its devices in CDI; {@code marks}, of whose nodes one must be there; {@code nodes}, for
 * all GPUs; {@code libraries}, names in the loader's cache; {@code programs}, in directories of
 * programs; {@code files}, and sockets.
 */
public record Vendor(
    String label,
    String kind,
    List<String> marks,
    List<String> nodes,
    Pattern libraries,
    List<String> programs,
    List<String> files) {
  /** As nvidia-container-toolkit takes them; what belongs to GLVND or the toolkit is not taken. */
  public static final Vendor NVIDIA =
      new Vendor(
          "NVIDIA",
          "nvidia.com/gpu",
          List.of("nvidiactl", "dxg"),
          List.of(
              "nvidiactl",
              "dxg",
              "nvidia-uvm",
              "nvidia-uvm-tools",
              "nvidia-modeset",
              "nvidia-nvlink",
              "nvidia-caps",
              "nvidia-caps-imex-channels"),
          Pattern.compile(
              "lib(cuda|cudadebugger|nvcuvid|nvoptix|nvidia-(?!container).*|EGL_nvidia|GLX_nvidia"
                  + "|GLESv1_CM_nvidia|GLESv2_nvidia|vdpau_nvidia|nvcuvid|dxcore|d3d12|d3d12core)\\.so.*"),
          List.of(
              "nvidia-smi",
              "nvidia-debugdump",
              "nvidia-persistenced",
              "nvidia-cuda-mps-control",
              "nvidia-cuda-mps-server"),
          List.of(
              "/usr/share/nvidia/nvoptix.bin",
              "/usr/share/glvnd/egl_vendor.d/10_nvidia.json",
              "/usr/share/egl/egl_external_platform.d/10_nvidia_wayland.json",
              "/usr/share/egl/egl_external_platform.d/15_nvidia_gbm.json",
              "/usr/share/vulkan/icd.d/nvidia_icd.json",
              "/usr/share/vulkan/icd.d/nvidia_icd.x86_64.json",
              "/usr/share/vulkan/implicit_layer.d/nvidia_layers.json",
              "/etc/OpenCL/vendors/nvidia.icd",
              "/etc/vulkan/icd.d/nvidia_icd.json",
              "/run/nvidia-persistenced/socket",
              "/run/nvidia-fabricmanager/socket"));

  /** As Apptainer's rocmliblist.conf has them. */
  public static final Vendor AMD =
      new Vendor(
          "AMD",
          "amd.com/gpu",
          List.of("kfd"),
          List.of("kfd", "dri"),
          Pattern.compile(
              "lib(amd_comgr|amd_comgr_loader|amdocl64|hsa-runtime64|hsakmt|amdhip64|hiprtc(-builtins)?"
                  + "|hip[a-z]+|roc[a-z]+|rocm_smi64|amd_smi|MIOpen|rccl|drm_amdgpu|OpenCL)\\.so.*"),
          List.of("rocm-smi", "rocminfo", "amd-smi"),
          List.of("/etc/OpenCL/vendors/amdocl64.icd", "/usr/share/libdrm/amdgpu.ids"));

  public static final List<Vendor> ALL = List.of(NVIDIA, AMD);

  public Vendor {
    marks = List.copyOf(marks);
    nodes = List.copyOf(nodes);
    programs = List.copyOf(programs);
    files = List.copyOf(files);
  }

  boolean library(String name) {
    return libraries.matcher(name).matches();
  }
}
