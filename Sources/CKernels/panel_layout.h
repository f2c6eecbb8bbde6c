#pragma once
#include "panel_kernels.h"
#include "vector_primitives.h"

// Rows of a panel that `inner` rows of a matrix make.
CK_INLINE size_t panel_rows(int format, size_t inner) {
  return format == CK_BFLOAT16_PAIRS ? (inner + 1) / 2 : inner;
}

#define CACHE_LINE 64

// Bytes of a row of a panel, of floats or of pairs.
#define PANEL_ROW_BYTES (CK_PANEL * sizeof(float))
