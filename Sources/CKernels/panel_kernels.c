#include "panel_kernels.h"

#include "vector_primitives.h"

#pragma clang diagnostic ignored "-Wpsabi"
#pragma STDC FP_CONTRACT OFF

typedef float float8 __attribute__((ext_vector_type(8)));
typedef uint32_t uint8x32 __attribute__((ext_vector_type(8)));
typedef uint16_t uint8x16 __attribute__((ext_vector_type(8)));
typedef uint32_t uint16x32 __attribute__((ext_vector_type(16)));
typedef uint16_t uint16x16 __attribute__((ext_vector_type(16)));

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

// Writes a row's products with one panel.
CK_INLINE void finish(const float *products, size_t columns, const float *bias, int mode,
                      float *y) {
  if (columns == CK_PANEL && !bias) {
    ck_float16 sums, old = (ck_float16)(0.0f);
    __builtin_memcpy(&sums, products, sizeof sums);
    if (mode == CK_ADD) __builtin_memcpy(&old, y, sizeof old);
    sums = mode == CK_ADD ? old + sums : sums;
    __builtin_memcpy(y, &sums, sizeof sums);
    return;
  }
  for (size_t c = 0; c < columns; c++) {
    float sum = products[c] + (bias ? bias[c] : 0.0f);
    y[c] = mode == CK_ADD ? y[c] + sum : sum;
  }
}

// The baseline: 128-bit registers. Only 64-bit ARM has a fused multiply-add there.
#define NAME(base) JOIN(base, _baseline)
#define WIDE float8
#define HALF_WIDE uint8x16
#define WIDE_BITS uint8x32
#define LANES 8
#define MOST_ROWS 1
#if defined(__aarch64__)
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif
#include "panel_kernels.inc"

#if defined(__x86_64__)

// 16 registers of 256 bits: 6 x 2 accumulators, 2 of the panel, 1 of x.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define NAME(base) JOIN(base, _v3)
#define WIDE float8
#define HALF_WIDE uint8x16
#define WIDE_BITS uint8x32
#define LANES 8
#define MOST_ROWS 6
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "panel_kernels.inc"
#pragma clang attribute pop

// 32 registers of 512 bits: 12 accumulators, 1 of the panel, and x from memory.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#define NAME(base) JOIN(base, _v4)
#define WIDE ck_float16
#define HALF_WIDE uint16x16
#define WIDE_BITS uint16x32
#define LANES 16
#define MOST_ROWS 12
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "panel_kernels.inc"
#pragma clang attribute pop

#endif

int ck_instruction_set(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return 2;
  if (__builtin_cpu_supports("x86-64-v3")) return 1;
#endif
  return 0;
}

void ck_multiply_panels(int instruction_set, const float *x, size_t x_stride, size_t rows,
                        ck_panel_factor factor, const float *bias, int mode, float *y,
                        size_t y_stride) {
#if defined(__x86_64__)
  if (instruction_set >= 2) {
    multiply_panels_v4(x, x_stride, rows, &factor, bias, mode, y, y_stride);
    return;
  }
  if (instruction_set == 1) {
    multiply_panels_v3(x, x_stride, rows, &factor, bias, mode, y, y_stride);
    return;
  }
#endif
  multiply_panels_baseline(x, x_stride, rows, &factor, bias, mode, y, y_stride);
}

CK_INLINE void put(const int format, void *panels, size_t index, float value) {
  if (format == CK_FLOAT32)
    ((float *)panels)[index] = value;
  else
    ((uint16_t *)panels)[index] = ck_bfloat16_bits(value);
}

// Whole panels apart, so that the compiler knows how many columns there are.
CK_INLINE void fill_panels(const int format, const float *w, const size_t from_column_to_column,
                           const size_t from_row_to_row, size_t columns, size_t inner,
                           void *panels) {
  for (size_t j = 0; j < columns; j += CK_PANEL, w += CK_PANEL * from_column_to_column) {
    const size_t start = j * inner;
    const size_t count = columns - j < CK_PANEL ? columns - j : CK_PANEL;
    for (size_t k = 0; k < inner; k++) {
      const float *row = w + k * from_row_to_row;
      if (count == CK_PANEL)
#pragma clang loop unroll(full)
        for (size_t c = 0; c < CK_PANEL; c++)
          put(format, panels, start + k * CK_PANEL + c, row[c * from_column_to_column]);
      else
        for (size_t c = 0; c < CK_PANEL; c++)
          put(format, panels, start + k * CK_PANEL + c,
              c < count ? row[c * from_column_to_column] : 0.0f);
    }
  }
}

void ck_fill_panels_with_rows(int format, const float *w, size_t w_stride, size_t columns,
                              size_t inner, void *panels) {
  if (format == CK_FLOAT32)
    fill_panels(CK_FLOAT32, w, w_stride, 1, columns, inner, panels);
  else
    fill_panels(CK_BFLOAT16, w, w_stride, 1, columns, inner, panels);
}

void ck_fill_panels_with_columns(int format, const float *w, size_t w_stride, size_t columns,
                                 size_t inner, void *panels) {
  if (format == CK_FLOAT32)
    fill_panels(CK_FLOAT32, w, 1, w_stride, columns, inner, panels);
  else
    fill_panels(CK_BFLOAT16, w, 1, w_stride, columns, inner, panels);
}
