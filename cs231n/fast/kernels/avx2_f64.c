#define REAL_BYTES 8
#define TABLE cs231n_avx2_f64
#include "avx2.h"
