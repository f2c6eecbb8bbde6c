#pragma once
#include "panel_kernels.h"
#include "vector_primitives.h"

// Rows of a panel that `inner` rows of a matrix make.
CK_INLINE size_t panel_rows(int format, size_t inner) {
  return format == CK_BFLOAT16_PAIRS ? (inner + 1) / 2 : inner;
}

CK_INLINE size_t panel_row_bytes(int format) {
  return CK_PANEL * (format == CK_BFLOAT16 ? sizeof(uint16_t) : sizeof(float));
}
