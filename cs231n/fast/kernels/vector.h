/* Vectors of REAL numbers, written once for every dtype and every instruction set.
 *
 * The kernels are compiled several times, from files such as avx2_f32.c that give other values to
 *
 *     REAL_BYTES   4 (float) or 8 (double)
 *     VECTOR_BYTES 64 (AVX-512), 32 (AVX2) or 16 (anything: SSE2, NEON, ...)
 *
 * A `vec` is an array of LANES numbers on which + - * work element by element: the
 * vector extension that gcc and clang share. The compiler turns it into registers of
 * the instruction set, and a*b + c into one fused multiply-add.
 */

#define LANES (VECTOR_BYTES / REAL_BYTES)

#if REAL_BYTES == 4
#define REAL float
#else
#define REAL double
#endif

typedef REAL vec __attribute__((vector_size(VECTOR_BYTES)));
/* The same numbers at any address that suits one REAL. */
typedef REAL loose __attribute__((vector_size(VECTOR_BYTES), aligned(REAL_BYTES), may_alias));
#if REAL_BYTES == 4
typedef int32_t bits __attribute__((vector_size(VECTOR_BYTES)));
#define FRACTION_BITS 23
#define REAL_LARGEST FLT_MAX
#else
typedef int64_t bits __attribute__((vector_size(VECTOR_BYTES)));
#define FRACTION_BITS 52
#define REAL_LARGEST DBL_MAX
#endif

static INLINE vec load(const REAL *p) { return *(const loose *)p; }

static INLINE void store(REAL *p, vec v) { *(loose *)p = v; }

static INLINE vec splat(REAL s) { return s - (vec){0}; }

/* the lanes whose mask is all ones; 0 elsewhere, even for NaN */
static INLINE vec keep(vec v, bits mask) { return (vec)((bits)v & mask); }

/* Lanes of a and b, counted through, in another order. */
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, bits, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, bits, ...) __builtin_shuffle(a, b, (bits){__VA_ARGS__})
#endif

/* UNZIP: the even (0) or odd (1) lanes of a, then of b. ZIP: lanes of a and b in turn, of the
 * low (0) or high (1) half of each. EVERY_OTHER: the even lanes of a, then the odd lanes of b. */
#if LANES == 2
#define UNZIP(a, b, odd) ((odd) ? SHUFFLE(a, b, bits, 1, 3) : SHUFFLE(a, b, bits, 0, 2))
#define ZIP(a, b, high) UNZIP(a, b, high)
#define EVERY_OTHER(a, b) SHUFFLE(a, b, bits, 0, 3)
#elif LANES == 4
#define UNZIP(a, b, odd) ((odd) ? SHUFFLE(a, b, bits, 1, 3, 5, 7) : SHUFFLE(a, b, bits, 0, 2, 4, 6))
#define ZIP(a, b, high) ((high) ? SHUFFLE(a, b, bits, 2, 6, 3, 7) : SHUFFLE(a, b, bits, 0, 4, 1, 5))
#define EVERY_OTHER(a, b) SHUFFLE(a, b, bits, 0, 2, 5, 7)
#elif LANES == 8
#define UNZIP(a, b, odd)                                    \
    ((odd) ? SHUFFLE(a, b, bits, 1, 3, 5, 7, 9, 11, 13, 15) \
           : SHUFFLE(a, b, bits, 0, 2, 4, 6, 8, 10, 12, 14))
#define ZIP(a, b, high)                                       \
    ((high) ? SHUFFLE(a, b, bits, 4, 12, 5, 13, 6, 14, 7, 15) \
            : SHUFFLE(a, b, bits, 0, 8, 1, 9, 2, 10, 3, 11))
#define EVERY_OTHER(a, b) SHUFFLE(a, b, bits, 0, 2, 4, 6, 9, 11, 13, 15)
#else
#define UNZIP(a, b, odd)                                                                    \
    ((odd) ? SHUFFLE(a, b, bits, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31) \
           : SHUFFLE(a, b, bits, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30))
#define ZIP(a, b, high)                                                                         \
    ((high) ? SHUFFLE(a, b, bits, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31) \
            : SHUFFLE(a, b, bits, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23))
#define EVERY_OTHER(a, b) \
    SHUFFLE(a, b, bits, 0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31)
#endif
