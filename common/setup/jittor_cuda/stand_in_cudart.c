// CUDA's runtime for a machine without a GPU: memory is the host's, and no kernel is launched.
//
// Compiled with CUDA's own header, so that every signature is checked; the functions that are not
// here return 0, which says success.
#include <cuda_runtime_api.h>
#include <stdlib.h>
#include <string.h>

static unsigned long launches;

unsigned long rosetta_launches(void) { return launches; }

cudaError_t cudaLaunchKernel(const void* kernel, dim3 grid, dim3 block, void** arguments,
                             size_t shared, cudaStream_t stream) {
    launches++;
    return cudaSuccess;
}

// What CUDA 13's nvcc calls instead.
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments,
                               size_t shared, cudaStream_t stream) {
    return cudaLaunchKernel(kernel, grid, block, arguments, shared, stream);
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
    function(data);
    return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
    *count = 1;
    return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp* properties, int device) {
    memset(properties, 0, sizeof *properties);
    properties->major = 8;
    properties->multiProcessorCount = 1;
    properties->maxThreadsPerBlock = 1024;
    properties->warpSize = 32;
    return cudaSuccess;
}

static cudaError_t allocate(void** memory, size_t size) {
    *memory = calloc(1, size + 1);
    return *memory ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaMalloc(void** memory, size_t size) { return allocate(memory, size); }

cudaError_t cudaMallocHost(void** memory, size_t size) { return allocate(memory, size); }

cudaError_t cudaMallocManaged(void** memory, size_t size, unsigned flags) {
    return allocate(memory, size);
}

cudaError_t cudaFree(void* memory) {
    free(memory);
    return cudaSuccess;
}

cudaError_t cudaFreeHost(void* memory) { return cudaFree(memory); }

cudaError_t cudaMemcpy(void* to, const void* from, size_t size, enum cudaMemcpyKind kind) {
    memmove(to, from, size);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t size, enum cudaMemcpyKind kind,
                            cudaStream_t stream) {
    return cudaMemcpy(to, from, size, kind);
}

cudaError_t cudaMemset(void* memory, int value, size_t size) {
    memset(memory, value, size);
    return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* memory, int value, size_t size, cudaStream_t stream) {
    return cudaMemset(memory, value, size);
}

cudaError_t cudaMemGetInfo(size_t* available, size_t* total) {
    *available = *total = (size_t)1 << 33;
    return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
    *milliseconds = 0;
    return cudaSuccess;
}

const char* cudaGetErrorName(cudaError_t error) { return "an error of the stand-in"; }

const char* cudaGetErrorString(cudaError_t error) { return "an error of the stand-in"; }
