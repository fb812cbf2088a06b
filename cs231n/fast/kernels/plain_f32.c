#define REAL_BYTES 4
#define TABLE cs231n_plain_f32
#include "plain.h"
