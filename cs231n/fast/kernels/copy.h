/* All kernels for one dtype and one instruction set; targets.h includes this file for each. */

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
#include "undefine.h"
