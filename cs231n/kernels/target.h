/* One instruction set (VECTOR_BYTES, TARGET): both dtypes, and the table of their entries. */

#define REAL float
#define REAL_BYTES 4
#define SUFFIX PASTE(f32, TARGET)
#include "copy.h"
#define REAL double
#define REAL_BYTES 8
#define SUFFIX PASTE(f64, TARGET)
#include "copy.h"

static const kernel_table PASTE(table, TARGET)[2] = {
    {PASTE(forward_f32, TARGET), PASTE(dx_f32, TARGET), PASTE(dw_f32, TARGET)},
    {PASTE(forward_f64, TARGET), PASTE(dx_f64, TARGET), PASTE(dw_f64, TARGET)},
};
#undef TARGET
#undef VECTOR_BYTES
