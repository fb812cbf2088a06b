/* The kernels for processors with AVX-512; nothing for others. What stays plain is included before
 * the pragma. */

#include "plan.h"
#include "table.h"
#include "threads.h"

#ifdef X86
#if defined(__clang__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,prefer-vector-width=512")
#endif

#define VECTOR_BYTES 64
#include "kernels.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
