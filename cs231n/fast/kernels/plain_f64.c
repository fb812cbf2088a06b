#define REAL_BYTES 8
#define TABLE cs231n_plain_f64
#include "plain.h"
