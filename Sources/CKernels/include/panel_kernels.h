#pragma once
#include <stddef.h>
#include <stdint.h>

// Products with a factor that is stored in panels, as decoding needs them. Every number that they
// write comes from the same operations in the same order, whatever the other rows are and however
// the work is divided; matrix libraries do not promise that.
//
// A panel holds CK_PANEL columns of a matrix [inner, columns], row after row: element (k, c) of panel
// p is column p * CK_PANEL + c. What is missing of the last panel is zeros.

/// Columns of a panel.
#define CK_PANEL 16

/// How the numbers of a panel are stored.
enum {
  /// Four bytes each.
  CK_FLOAT32 = 0,
  /// The upper two bytes of a float32, rounded to the nearest, ties to even; rows 2i and 2i + 1 of a panel
  /// are interleaved, and the other factor is rounded likewise: what processors with instructions for
  /// bfloat16 multiply. Others emulate it.
  CK_BFLOAT16_PAIRS = 1,
};

/// The instruction sets for which the kernels are compiled.
enum {
  CK_BASELINE = 0,
  /// x86-64-v3: AVX2 and FMA.
  CK_V3 = 1,
  /// x86-64-v4: AVX-512.
  CK_V4 = 2,
  /// AVX-512 with products of bfloat16 pairs.
  CK_V4_BFLOAT16 = 3,
};

/// The best of them that this processor has. Results differ between them in the last bits.
int ck_instruction_set(void);

/// Bytes of a panel with `inner` rows.
size_t ck_panel_bytes(int format, size_t inner);

/// Stores `columns` rows of a matrix w, each of `inner` numbers, as the columns of panels.
void ck_fill_panels_with_rows(int format, const float *w, size_t w_stride, size_t columns,
                              size_t inner, void *panels);

/// Stores `columns` columns of a matrix w, each of `inner` numbers, as the columns of panels.
void ck_fill_panels_with_columns(int format, const float *w, size_t w_stride, size_t columns,
                                 size_t inner, void *panels);

/// What a product does with its results.
enum {
  /// Writes them.
  CK_SET = 0,
  /// Adds them to what is there.
  CK_ADD = 1,
};

/// A factor in rows: element (i, k) is base[i * stride + k * step]; one of the two is 1.
typedef struct {
  const float *base;
  size_t stride;
  size_t step;
} ck_row_factor;

/// A factor in panels.
typedef struct {
  const void *panels;
  /// CK_FLOAT32 or CK_BFLOAT16_PAIRS.
  int format;
  /// Columns that are wanted; the last panel may have fewer than it could.
  size_t columns;
  /// Rows.
  size_t inner;
  /// Rows for which a panel has room: where the next one begins.
  size_t capacity;
} ck_panel_factor;

/// y[i][j] = sum over k of x[i][k] * factor[k][j], for `rows` rows of x; times `scale`; `mode` is
/// CK_SET or CK_ADD.
///
/// Strides count floats. `bias`, one number a column, may be null.
void ck_multiply_panels(int instruction_set, ck_row_factor x, size_t rows, ck_panel_factor factor,
                        const float *bias, float scale, int mode, float *y, size_t y_stride);
