#include "panel_layout.h"
#include "vector_kernels.h"

size_t ck_panel_bytes(int format, size_t inner) {
  return panel_rows(format, inner) * panel_row_bytes(format);
}

CK_INLINE void put(const int format, char *panel, size_t index, const float *value,
                   size_t to_next_row, int has_next_row) {
  if (format == CK_FLOAT32)
    ((float *)panel)[index] = *value;
  else if (format == CK_BFLOAT16)
    ((uint16_t *)panel)[index] = ck_bfloat16_bits(*value);
  else
    ((float *)panel)[index] = pair(*value, has_next_row ? value[to_next_row] : 0.0f);
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

// Fills the whole panels of a float32 matrix and returns how many columns they have.
CK_INLINE size_t fill_whole_panels(const int from_rows, const float *w, size_t w_stride,
                                   size_t columns, size_t inner, float *panel) {
  const size_t whole = columns / CK_PANEL * CK_PANEL;
  for (size_t j = 0; j < whole; j += CK_PANEL, panel += inner * CK_PANEL) {
    if (from_rows) {
      ck_transpose(ck_instruction_set(), w + j * w_stride, w_stride, CK_PANEL, inner, panel,
                   CK_PANEL);
      continue;
    }
    for (size_t k = 0; k < inner; k++)
      __builtin_memcpy(panel + k * CK_PANEL, w + j + k * w_stride, CK_PANEL * sizeof(float));
  }
  return whole;
}

void ck_fill_panels_with_rows(int format, const float *w, size_t w_stride, size_t columns,
                              size_t inner, void *panels) {
  if (format == CK_FLOAT32) {
    const size_t whole = fill_whole_panels(1, w, w_stride, columns, inner, panels);
    fill_panels(CK_FLOAT32, w + whole * w_stride, w_stride, 1, columns - whole, inner,
                (char *)((float *)panels + whole * inner));
  } else if (format == CK_BFLOAT16)
    fill_panels(CK_BFLOAT16, w, w_stride, 1, columns, inner, panels);
  else
    fill_panels(CK_BFLOAT16_PAIRS, w, w_stride, 1, columns, inner, panels);
}

void ck_fill_panels_with_columns(int format, const float *w, size_t w_stride, size_t columns,
                                 size_t inner, void *panels) {
  if (format == CK_FLOAT32) {
    const size_t whole = fill_whole_panels(0, w, w_stride, columns, inner, panels);
    fill_panels(CK_FLOAT32, w + whole, 1, w_stride, columns - whole, inner,
                (char *)((float *)panels + whole * inner));
  } else if (format == CK_BFLOAT16)
    fill_panels(CK_BFLOAT16, w, 1, w_stride, columns, inner, panels);
  else
    fill_panels(CK_BFLOAT16_PAIRS, w, 1, w_stride, columns, inner, panels);
}
