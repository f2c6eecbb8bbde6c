#include "panel_kernels.h"

#include <math.h>

#include "panel_layout.h"
#include "vector_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma clang diagnostic ignored "-Wpsabi"
#pragma STDC FP_CONTRACT OFF

typedef float float8 __attribute__((ext_vector_type(8)));
typedef uint32_t uint8x32 __attribute__((ext_vector_type(8)));
typedef uint32_t uint16x32 __attribute__((ext_vector_type(16)));

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

// Writes a row's products with one panel.
CK_INLINE void finish(const float *products, size_t columns, const float *bias, float scale,
                      int mode, float *y) {
  if (columns == CK_PANEL && !bias) {
    ck_float16 sums, old = (ck_float16)(0.0f);
    __builtin_memcpy(&sums, products, sizeof sums);
    if (mode == CK_ADD) __builtin_memcpy(&old, y, sizeof old);
    if (scale != 1)
      sums = mode == CK_ADD ? __builtin_elementwise_fma((ck_float16)(scale), sums, old)
                            : scale * sums;
    else
      sums = mode == CK_ADD ? old + sums : sums;
    __builtin_memcpy(y, &sums, sizeof sums);
    return;
  }
  for (size_t c = 0; c < columns; c++) {
    const float sum = products[c] + (bias ? bias[c] : 0.0f);
    y[c] = mode == CK_ADD ? fmaf(scale, sum, y[c]) : scale * sum;
  }
}

// Floats that rows are copied to: a part of the second cache.
#define STAGED 24576
// Pairs of rows, and numbers of each, that are rounded at a time.
#define PAIRED_ROWS 32
#define PAIRED 96
// A multiple of every MOST_ROWS, so that tiles are whole.
#define STAGED_ROWS 12

// The baseline: 128-bit registers. Only 64-bit ARM has a fused multiply-add there.
#define NAME(base) JOIN(base, _baseline)
#define WIDE float8
#define WIDE_BITS uint8x32
#define LANES 8
#define MOST_ROWS 1
#if defined(__aarch64__)
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif
#include "panel_kernels.inc"
#include "panel_rows.inc"

#if defined(__x86_64__)

// 16 registers of 256 bits: 6 x 2 accumulators, 2 of the panel, 1 of x.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define NAME(base) JOIN(base, _v3)
#define WIDE float8
#define WIDE_BITS uint8x32
#define LANES 8
#define MOST_ROWS 6
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "panel_kernels.inc"
#include "panel_rows.inc"
#pragma clang attribute pop

// 32 registers of 512 bits: 12 accumulators, 1 of the panel, and x from memory.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#define NAME(base) JOIN(base, _v4)
#define WIDE ck_float16
#define WIDE_BITS uint16x32
#define LANES 16
#define MOST_ROWS 12
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "panel_kernels.inc"
#include "panel_rows.inc"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512bf16"))), \
                             apply_to = function)
#define NAME(base) JOIN(base, _v4_bfloat16)
#define WIDE ck_float16
#define WIDE_BITS uint16x32
#define LANES 16
#define MOST_ROWS 12
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
// x comes last: only there can an instruction spread a number from memory by itself.
#define ADD_PAIRS(x, w, sum) \
  ((WIDE)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(w), (__m512bh)(x)))
#include "panel_kernels.inc"
#include "panel_rows.inc"
#pragma clang attribute pop

#endif

int ck_instruction_set(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4"))
    return __builtin_cpu_supports("avx512bf16") ? CK_V4_BFLOAT16 : CK_V4;
  if (__builtin_cpu_supports("x86-64-v3")) return CK_V3;
#endif
  return CK_BASELINE;
}

void ck_multiply_panels(int instruction_set, ck_row_factor x, size_t rows, ck_panel_factor factor,
                        const float *bias, float scale, int mode, float *y, size_t y_stride) {
#define MULTIPLY(set) JOIN(multiply_panels_, set)(&x, rows, &factor, bias, scale, mode, y, y_stride)
#if defined(__x86_64__)
  if (instruction_set == CK_V4_BFLOAT16)
    MULTIPLY(v4_bfloat16);
  else if (instruction_set == CK_V4)
    MULTIPLY(v4);
  else if (instruction_set == CK_V3)
    MULTIPLY(v3);
  else
#endif
    MULTIPLY(baseline);
}
