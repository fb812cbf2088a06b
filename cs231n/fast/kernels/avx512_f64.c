#define REAL_BYTES 8
#define TABLE cs231n_avx512_f64
#include "avx512.h"
