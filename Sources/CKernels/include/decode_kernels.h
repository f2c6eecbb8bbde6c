#pragma once
#include <stddef.h>

// Kernels of decoding. Every number that they write comes from the same operations in the same
// order, whatever the other rows are and however the work is divided; matrix libraries do not
// promise that.

/// The instruction sets for which the kernels are compiled: 0 is the baseline, 1 x86-64-v3 (AVX2 and
/// FMA), 2 x86-64-v4 (AVX-512). Answers the best that this processor has. Results differ between
/// them in the last bits.
int ck_instruction_set(void);

/// y[i][j] = start + sum over k of x[i][k] * w[j][k], for `rows` rows of x and `outputs` rows of w.
///
/// `start` is y[i][j] if `accumulate` is set, else 0; bias[j] is added where bias is not null.
/// Strides count floats.
void ck_multiply_rows(int instruction_set, const float *x, size_t x_stride, size_t rows,
                      const float *w, size_t w_stride, size_t outputs, size_t inner,
                      const float *bias, int accumulate, float *y, size_t y_stride);

/// sum[c] += weights[j] * values[j][c] over j = 0..<count, in that order.
void ck_weighted_sum(int instruction_set, const float *weights, size_t count, const float *values,
                     size_t values_stride, size_t columns, float *sum);
