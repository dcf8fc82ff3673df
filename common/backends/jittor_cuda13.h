// Taken in before every file of Jittor 1.3.11 that is compiled with CUDA 13.
//
// Its helper_cuda.h reads clockRate and computeMode, which cudaDeviceProp had up to CUDA 12. CUDA 13
// gives them as attributes of a device; this structure has them again, and a function fills it.
#pragma once

// Jittor compiles a few files without CUDA's headers, and defines this for the others.
#ifdef HAS_CUDA
#include <cuda_runtime_api.h>

#if CUDART_VERSION >= 13000 && defined(__cplusplus)

struct RosettaDeviceProp : cudaDeviceProp {
    int clockRate;  // kHz
    int computeMode;
};

inline cudaError_t cudaGetDeviceProperties(RosettaDeviceProp* properties, int device) {
    cudaDeviceProp* of_cuda = properties;
    cudaError_t error = cudaGetDeviceProperties(of_cuda, device);
    if (error == cudaSuccess)
        error = cudaDeviceGetAttribute(&properties->clockRate, cudaDevAttrClockRate, device);
    if (error == cudaSuccess)
        error = cudaDeviceGetAttribute(&properties->computeMode, cudaDevAttrComputeMode, device);
    return error;
}

#define cudaDeviceProp RosettaDeviceProp

#endif
#endif
