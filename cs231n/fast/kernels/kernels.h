/* All kernels for one dtype and one instruction set, and their table; plain.h, avx2.h and avx512.h
 * include this file. */

#include "vector.h"
#include "direct.h"
#include "db.h"
#include "dw.h"
#include "outer.h"
#include "winograd_transforms.h"
#include "winograd.h"
#include "winograd_dw.h"
#include "conv.h"
#include "average.h"
#include "pool.h"

const kernel_table TABLE = {conv_forward, conv_dx, conv_dw, pool_forward, pool_backward};
