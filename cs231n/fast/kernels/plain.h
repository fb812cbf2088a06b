/* The kernels for the plainest processor of its kind: 128-bit vectors, such as SSE2 or NEON. */

#include "plan.h"
#include "table.h"
#include "threads.h"

#define VECTOR_BYTES 16
#ifdef X86
#define FEW_REGISTERS
#endif
#include "kernels.h"
