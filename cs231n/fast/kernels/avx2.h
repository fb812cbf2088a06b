/* The kernels for processors with AVX2; nothing for others. What stays plain is included before the
 * pragma. */

#include "plan.h"
#include "table.h"
#include "threads.h"

#ifdef X86
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define VECTOR_BYTES 32
#define FEW_REGISTERS
#include "kernels.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
