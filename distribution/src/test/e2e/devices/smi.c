/* What stands for nvidia-smi: it finds the driver's library as every program does, and tells what that says. */
#include <dlfcn.h>
#include <stdio.h>

int main(void) {
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    if (!driver) return fprintf(stderr, "%s\n", dlerror()), 1;
    int (*version)(int *) = (int (*)(int *))dlsym(driver, "cuDriverGetVersion"), (*count)(int *) = (int (*)(int *))dlsym(driver, "cuDeviceGetCount");
    int v, n;
    if (version(&v) || count(&n)) return 1;
    printf("CUDA %d, %d devices\n", v, n);
    return 0;
}
