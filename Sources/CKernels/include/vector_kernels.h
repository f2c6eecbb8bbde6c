#pragma once
#include <stddef.h>
#include <stdint.h>

// Loops over rows of numbers, compiled for each instruction set. Nothing is fused and sums have a fixed
// order, sixteen numbers side by side, so that all instruction sets give the same bits.
//
// `set` is one of the instruction sets of panel_kernels.h. Counts are of floats.

/// The largest number; -infinity if there is none.
float ck_maximum_of(int set, const float *x, size_t count);
/// The sum of x[i].
float ck_sum(int set, const float *x, size_t count);
/// The sum of x[i] * y[i].
float ck_dot_product(int set, const float *x, const float *y, size_t count);
/// The sum of x[i]^2, in double precision.
double ck_sum_of_squares(int set, const float *x, size_t count);
/// y += x.
void ck_add(int set, const float *x, float *y, size_t count);
/// y += factor * x.
void ck_add_scaled(int set, float factor, const float *x, float *y, size_t count);
/// x *= factor.
void ck_scale(int set, float factor, float *x, size_t count);
/// The numbers whose upper halves are given.
void ck_widen(int set, const uint16_t *halves, float *x, size_t count);

/// y[j][i] = x[i][j], for rows and columns of x.
void ck_transpose(int set, const float *x, size_t x_stride, size_t rows, size_t columns, float *y,
                  size_t y_stride);

/// Pairs of numbers rounded to bfloat16, in the bits of a float: of neighbours in a row, y[k] from
/// x[2k] and x[2k + 1], and of neighbouring rows, y[k][j] from x[2k][j] and x[2k + 1][j]. A last one
/// that is missing is zero.
void ck_pair_neighbours(int set, const float *x, size_t count, float *y);
void ck_pair_rows(int set, const float *x, size_t x_stride, size_t rows, size_t columns, float *y,
                  size_t y_stride);

/// What a softmax over a row needs to be known for: log sum e^x, and the entropy in nats.
typedef struct {
  float log_sum;
  float entropy;
} ck_softmax_sums;

/// Replaces x by e^x / sum e^x. `count` is positive; the entropy is 0 unless `with_entropy`.
ck_softmax_sums ck_softmax(int set, float *x, size_t count, int with_entropy);
/// The same sums, of a row that stays as it is. With z = x - max: H = log sum e^z - sum z e^z / sum e^z.
ck_softmax_sums ck_softmax_statistics(int set, const float *x, size_t count);
/// Replaces x by factor * e^(x - shift).
void ck_exponentials(int set, float *x, float shift, float factor, size_t count);
/// dx = p (dp - sum), in place of dp: the gradient of what went into a softmax that gave p.
void ck_softmax_backward(int set, const float *p, float sum, float *dp, size_t count);

/// A norm: y = w x / sqrt(mean(x^2) + epsilon), or with 1 + w in the place of w.
typedef struct {
  const float *weight;
  size_t width;
  float epsilon;
  int adds_one;
} ck_norm;

/// Writes a normalised row, which may be `x`.
void ck_normalise(int set, ck_norm norm, const float *x, float *y);
/// dx = add + dy/dx, and dw += dy/dw, for one row.
///
/// With r = 1 / rms: dx = r (w dy) - x r^3 mean(w dy x), dw = dy x r. `add` may be `dx`, or null, and
/// then `dy` may be `dx`.
void ck_normalise_backward(int set, ck_norm norm, const float *x, const float *dy, const float *add,
                           float *dx, float *dw);

/// f(x) = x s(z(x)), with the logistic function s.
enum {
  /// z = x.
  CK_SILU = 0,
  /// z = 2 sqrt(2 / pi) (x + 0.044715 x^3).
  CK_TANH_GELU = 1,
};

/// y = f(gate) * up; y may be one of them.
void ck_gate(int set, int function, const float *gate, const float *up, float *y, size_t count);
/// From dy: y again, and the gradients of gate and up. `d_gate` may be `dy`.
void ck_gate_backward(int set, int function, const float *gate, const float *up, const float *dy,
                      float *y, float *d_gate, float *d_up, size_t count);

/// Turns the pairs (x[i], x[i + half]) by angles, or back by them where `sign` is -1.
void ck_rotate(int set, float *x, size_t half, const float *cosines, const float *sines, float sign);

/// One step of AdamW.
typedef struct {
  float gradient_scale;
  float beta1, beta2;
  /// 1 - beta1 and 1 - beta2.
  float new_share1, new_share2;
  /// What decay leaves of a weight.
  float kept;
  /// Minus the learning rate over 1 - beta1^t.
  float step_size;
  /// 1 / sqrt(1 - beta2^t).
  float inverse_root_correction;
  float epsilon;
} ck_adamw_step;

void ck_adamw(int set, ck_adamw_step step, float *weights, const float *gradients, float *first,
              float *second, size_t count);
