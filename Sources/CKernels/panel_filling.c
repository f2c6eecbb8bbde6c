#include "panel_layout.h"
#include "vector_kernels.h"

size_t ck_panel_bytes(int format, size_t inner) {
  return panel_rows(format, inner) * PANEL_ROW_BYTES;
}

// Pairs of a row that are at work at a time.
#define PIECE 128

CK_INLINE void put(const int format, char *panel, size_t index, const float *value,
                   size_t to_next_row, int has_next_row) {
  if (format == CK_FLOAT32)
    ((float *)panel)[index] = *value;
  else
    ((float *)panel)[index] = ck_pair(*value, has_next_row ? value[to_next_row] : 0.0f);
}

// Whole panels apart, so that the compiler knows how many columns there are.
CK_INLINE void fill_panels(const int format, const float *w, const size_t to_next_column,
                           const size_t to_next_row, size_t columns, size_t inner, char *panel) {
  const size_t rows = panel_rows(format, inner);
  const size_t rows_of_matrix = format == CK_BFLOAT16_PAIRS ? 2 : 1;
  for (size_t j = 0; j < columns; j += CK_PANEL) {
    const size_t count = columns - j < CK_PANEL ? columns - j : CK_PANEL;
    if (count < CK_PANEL) __builtin_memset(panel, 0, ck_panel_bytes(format, inner));
    for (size_t k = 0; k < rows; k++) {
      const float *row = w + k * rows_of_matrix * to_next_row;
      const int has_next = rows_of_matrix * k + 1 < inner;
      if (count == CK_PANEL)
#pragma clang loop unroll(full)
        for (size_t c = 0; c < CK_PANEL; c++)
          put(format, panel, k * CK_PANEL + c, row + c * to_next_column, to_next_row, has_next);
      else
        for (size_t c = 0; c < count; c++)
          put(format, panel, k * CK_PANEL + c, row + c * to_next_column, to_next_row, has_next);
    }
    w += CK_PANEL * to_next_column;
    panel += ck_panel_bytes(format, inner);
  }
}

// A panel of pairs from rows: pairs first, a piece of all rows at a time, then exchanged.
static void fill_with_pairs(int set, const float *w, size_t w_stride, size_t inner, float *panel) {
  float pairs[CK_PANEL * PIECE];
  for (size_t k = 0; k < inner; k += 2 * PIECE) {
    const size_t numbers = inner - k < 2 * PIECE ? inner - k : 2 * PIECE;
    for (size_t c = 0; c < CK_PANEL; c++)
      ck_pair_neighbours(set, w + c * w_stride + k, numbers, pairs + c * PIECE);
    ck_transpose(set, pairs, PIECE, CK_PANEL, (numbers + 1) / 2, panel + k / 2 * CK_PANEL, CK_PANEL);
  }
}

// Fills the whole panels and returns how many columns they have.
CK_INLINE size_t fill_whole_panels(int format, const int from_rows, const float *w, size_t w_stride,
                                   size_t columns, size_t inner, char *panel) {
  const int set = ck_instruction_set(), pairs = format == CK_BFLOAT16_PAIRS;
  const size_t whole = columns / CK_PANEL * CK_PANEL;
  for (size_t j = 0; j < whole; j += CK_PANEL, panel += ck_panel_bytes(format, inner)) {
    const float *from = w + j * (from_rows ? w_stride : 1);
    float *to = (float *)panel;
    if (from_rows && pairs)
      fill_with_pairs(set, from, w_stride, inner, to);
    else if (from_rows)
      ck_transpose(set, from, w_stride, CK_PANEL, inner, to, CK_PANEL);
    else if (pairs)
      ck_pair_rows(set, from, w_stride, inner, CK_PANEL, to, CK_PANEL);
    else
      for (size_t k = 0; k < inner; k++)
        __builtin_memcpy(to + k * CK_PANEL, from + k * w_stride, CK_PANEL * sizeof(float));
  }
  return whole;
}

static void fill(int format, const int from_rows, const float *w, size_t w_stride, size_t columns,
                 size_t inner, char *panels) {
  const size_t whole = fill_whole_panels(format, from_rows, w, w_stride, columns, inner, panels);
  const size_t to_next_column = from_rows ? w_stride : 1, to_next_row = from_rows ? 1 : w_stride;
  w += whole * to_next_column;
  columns -= whole;
  panels += whole / CK_PANEL * ck_panel_bytes(format, inner);
  if (format == CK_FLOAT32)
    fill_panels(CK_FLOAT32, w, to_next_column, to_next_row, columns, inner, panels);
  else
    fill_panels(CK_BFLOAT16_PAIRS, w, to_next_column, to_next_row, columns, inner, panels);
}

void ck_fill_panels_with_rows(int format, const float *w, size_t w_stride, size_t columns,
                              size_t inner, void *panels) {
  fill(format, 1, w, w_stride, columns, inner, panels);
}

void ck_fill_panels_with_columns(int format, const float *w, size_t w_stride, size_t columns,
                                 size_t inner, void *panels) {
  fill(format, 0, w, w_stride, columns, inner, panels);
}
