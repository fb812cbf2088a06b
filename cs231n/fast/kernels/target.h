/* One instruction set (VECTOR_BYTES, TARGET): both dtypes, and the table of their entries. */

#define REAL float
#define REAL_BYTES 4
#define SUFFIX PASTE(f32, TARGET)
#include "copy.h"
#define REAL double
#define REAL_BYTES 8
#define SUFFIX PASTE(f64, TARGET)
#include "copy.h"

#define ENTRIES(dtype)                                                                                       \
    {                                                                                                        \
        PASTE(forward_##dtype, TARGET), PASTE(dx_##dtype, TARGET), PASTE(dw_##dtype, TARGET),                \
            PASTE(pool_forward_##dtype, TARGET), PASTE(pool_backward_##dtype, TARGET)                        \
    }
static const kernel_table PASTE(table, TARGET)[2] = {ENTRIES(f32), ENTRIES(f64)};
#undef ENTRIES
#undef TARGET
#undef VECTOR_BYTES
