#define REAL_BYTES 4
#define TABLE cs231n_avx2_f32
#include "avx2.h"
