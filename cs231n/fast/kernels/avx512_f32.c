#define REAL_BYTES 4
#define TABLE cs231n_avx512_f32
#include "avx512.h"
