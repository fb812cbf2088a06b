/* Vectors of REAL numbers, written once for every dtype and every instruction set.
 *
 * targets.h includes the kernels several times, each time with other values of
 *
 *     REAL         float or double
 *     REAL_BYTES   4 or 8
 *     VECTOR_BYTES 64 (AVX-512), 32 (AVX2) or 16 (anything: SSE2, NEON, ...)
 *     SUFFIX       what makes the names of this copy different, such as f32_avx512
 *
 * A `vec` is an array of LANES numbers on which + - * work element by element: the
 * vector extension that gcc and clang share. The compiler turns it into registers of
 * the instruction set of this copy, and a*b + c into one fused multiply-add.
 */

#define PASTE2(a, b) a##_##b
#define PASTE(a, b) PASTE2(a, b)
#define NAME(a) PASTE(a, SUFFIX)
#define LANES (VECTOR_BYTES / REAL_BYTES)

#define vec NAME(vec)
#define loose NAME(loose)
#define bits NAME(bits)

typedef REAL vec __attribute__((vector_size(VECTOR_BYTES)));
/* The same numbers at any address that suits one REAL. */
typedef REAL loose __attribute__((vector_size(VECTOR_BYTES), aligned(REAL_BYTES), may_alias));
#if REAL_BYTES == 4
typedef int32_t bits __attribute__((vector_size(VECTOR_BYTES)));
#else
typedef int64_t bits __attribute__((vector_size(VECTOR_BYTES)));
#endif

#define load NAME(load)
static INLINE vec load(const REAL *p) { return *(const loose *)p; }

#define store NAME(store)
static INLINE void store(REAL *p, vec v) { *(loose *)p = v; }

#define splat NAME(splat)
static INLINE vec splat(REAL s) { return s - (vec){0}; }

#define keep NAME(keep) /* the lanes whose mask is all ones; 0 elsewhere, even for NaN */
static INLINE vec keep(vec v, bits mask) { return (vec)((bits)v & mask); }

/* Lanes of a and b, counted through, in another order. */
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, bits, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, bits, ...) __builtin_shuffle(a, b, (bits){__VA_ARGS__})
#endif
