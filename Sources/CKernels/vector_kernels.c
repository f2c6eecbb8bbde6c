#include "vector_kernels.h"

#include <math.h>

#include "panel_kernels.h"
#include "vector_primitives.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma clang diagnostic ignored "-Wpsabi"
// Fused operations round differently.
#pragma STDC FP_CONTRACT OFF

typedef uint32_t ck_uint16 __attribute__((ext_vector_type(16)));
typedef int ck_int16 __attribute__((ext_vector_type(16)));
typedef float ck_float8 __attribute__((ext_vector_type(8)));
typedef float ck_float4 __attribute__((ext_vector_type(4)));
typedef double ck_double16 __attribute__((ext_vector_type(16)));

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

CK_INLINE ck_softmax_sums ck_sums(float largest, float sum, float entropy) {
  return (ck_softmax_sums){.log_sum = largest + logf(sum), .entropy = entropy >= 0 ? entropy : 0};
}

// 2 sqrt(2 / pi), and what the cube counts.
#define OUTER 1.5957691216057307f
#define INNER 0.044715f

// Of two rows a and b: where `distance` is not in a lane's number that lane of a, else the one of b
// that is `distance` before; and the rest.
#define CHOOSE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#define LOW8(a, b) CHOOSE(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define HIGH8(a, b) CHOOSE(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
#define LOW4(a, b) CHOOSE(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
#define HIGH4(a, b) CHOOSE(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
#define LOW2(a, b) CHOOSE(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH2(a, b) CHOOSE(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define LOW1(a, b) CHOOSE(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
#define HIGH1(a, b) CHOOSE(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31)

#define EVEN(a, b) CHOOSE(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD(a, b) CHOOSE(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)

#define NAME(base) JOIN(base, _baseline)
#include "vector_kernels.inc"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define NAME(base) JOIN(base, _v3)
#include "vector_kernels.inc"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#define NAME(base) JOIN(base, _v4)
#define MASKED
#include "vector_kernels.inc"
#pragma clang attribute pop

#define CALL(base, ...) \
  (set >= CK_V4 ? base##_v4(__VA_ARGS__) \
                : set == CK_V3 ? base##_v3(__VA_ARGS__) : base##_baseline(__VA_ARGS__))
#else
#define CALL(base, ...) base##_baseline(__VA_ARGS__)
#endif

float ck_maximum_of(int set, const float *x, size_t count) { return CALL(maximum_of, x, count); }

float ck_dot_product(int set, const float *x, const float *y, size_t count) {
  return CALL(dot_product, x, y, count);
}

float ck_sum(int set, const float *x, size_t count) { return CALL(sum, x, count); }

double ck_sum_of_squares(int set, const float *x, size_t count) {
  return CALL(sum_of_squares, x, count);
}

void ck_add(int set, const float *x, float *y, size_t count) { CALL(add, x, y, count); }

void ck_add_scaled(int set, float factor, const float *x, float *y, size_t count) {
  CALL(add_scaled, factor, x, y, count);
}

void ck_scale(int set, float factor, float *x, size_t count) { CALL(scale, factor, x, count); }

void ck_widen(int set, const uint16_t *halves, float *x, size_t count) {
  CALL(widen, halves, x, count);
}

ck_softmax_sums ck_softmax(int set, float *x, size_t count, int with_entropy) {
  return CALL(softmax, x, count, with_entropy);
}

ck_softmax_sums ck_softmax_statistics(int set, const float *x, size_t count) {
  return CALL(softmax_statistics, x, count);
}

void ck_exponentials(int set, float *x, float shift, float factor, size_t count) {
  CALL(exponentials, x, shift, factor, count);
}

void ck_softmax_backward(int set, const float *p, float sum, float *dp, size_t count) {
  CALL(softmax_backward, p, sum, dp, count);
}

void ck_normalise(int set, ck_norm norm, const float *x, float *y) { CALL(normalise, &norm, x, y); }

void ck_normalise_backward(int set, ck_norm norm, const float *x, const float *dy, const float *add,
                           float *dx, float *dw) {
  CALL(normalise_backward, &norm, x, dy, add, dx, dw);
}

void ck_gate(int set, int function, const float *gate, const float *up, float *y, size_t count) {
  CALL(gate, function, gate, up, y, count);
}

void ck_gate_backward(int set, int function, const float *gate, const float *up, const float *dy,
                      float *y, float *d_gate, float *d_up, size_t count) {
  CALL(gate_backward, function, gate, up, dy, y, d_gate, d_up, count);
}

void ck_rotate(int set, float *x, size_t half, const float *cosines, const float *sines, float sign) {
  CALL(rotate, x, half, cosines, sines, sign);
}

void ck_adamw(int set, ck_adamw_step step, float *weights, const float *gradients, float *first,
              float *second, size_t count) {
  CALL(adamw, &step, weights, gradients, first, second, count);
}

void ck_transpose(int set, const float *x, size_t x_stride, size_t rows, size_t columns, float *y,
                  size_t y_stride) {
  CALL(transpose, x, x_stride, rows, columns, y, y_stride);
}

void ck_pair_neighbours(int set, const float *x, size_t count, float *y) {
  CALL(pair_neighbours, x, count, y);
}

void ck_pair_rows(int set, const float *x, size_t x_stride, size_t rows, size_t columns, float *y,
                  size_t y_stride) {
  CALL(pair_rows, x, x_stride, rows, columns, y, y_stride);
}
