#include "decode_kernels.h"

#include "vector_primitives.h"

#pragma clang diagnostic ignored "-Wpsabi"
#pragma STDC FP_CONTRACT OFF

typedef float float4 __attribute__((ext_vector_type(4)));
typedef float float8 __attribute__((ext_vector_type(8)));

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

// The baseline: 128-bit registers. Only 64-bit ARM has a fused multiply-add there.
#define NAME(base) JOIN(base, _baseline)
#define WIDE float8
#define LANES 8
#define MOST_ROWS 1
#if defined(__aarch64__)
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif
#include "decode_kernels.inc"

#if defined(__x86_64__)

// 16 registers of 256 bits: 4 x 3 accumulators, 3 of x, 1 of w.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define NAME(base) JOIN(base, _v3)
#define WIDE float8
#define LANES 8
#define MOST_ROWS 3
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "decode_kernels.inc"
#pragma clang attribute pop

// 32 registers of 512 bits: 4 x 6 accumulators, 6 of x, 1 of w.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#define NAME(base) JOIN(base, _v4)
#define WIDE ck_float16
#define LANES 16
#define MOST_ROWS 6
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "decode_kernels.inc"
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

void ck_multiply_rows(int instruction_set, const float *x, size_t x_stride, size_t rows,
                      const float *w, size_t w_stride, size_t outputs, size_t inner,
                      const float *bias, int accumulate, float *y, size_t y_stride) {
#if defined(__x86_64__)
  if (instruction_set >= 2) {
    multiply_rows_v4(x, x_stride, rows, w, w_stride, outputs, inner, bias, accumulate, y, y_stride);
    return;
  }
  if (instruction_set == 1) {
    multiply_rows_v3(x, x_stride, rows, w, w_stride, outputs, inner, bias, accumulate, y, y_stride);
    return;
  }
#endif
  multiply_rows_baseline(x, x_stride, rows, w, w_stride, outputs, inner, bias, accumulate, y,
                         y_stride);
}

void ck_weighted_sum(int instruction_set, const float *weights, size_t count, const float *values,
                     size_t values_stride, size_t columns, float *sum) {
#if defined(__x86_64__)
  if (instruction_set >= 2) {
    weighted_sum_v4(weights, count, values, values_stride, columns, sum);
    return;
  }
  if (instruction_set == 1) {
    weighted_sum_v3(weights, count, values, values_stride, columns, sum);
    return;
  }
#endif
  weighted_sum_baseline(weights, count, values, values_stride, columns, sum);
}
