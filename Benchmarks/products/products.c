// SPDX-License-Identifier: Apache-2.0
// The rates of the kernels of Sources/CKernels on one core, beside what the units do and what OpenBLAS
// reaches on the same shapes. Prints a table.
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "panel_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

extern void openblas_set_num_threads(int);

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// GFLOP/s: the best of seven, each of about two billion operations.
#define BEST(operations, work) BEST_OF(operations, (long)(2e9 / (operations)) + 1, work)
#define BEST_OF(operations, count, ...) \
  ({ \
    const long times = (count); \
    double best = 1e9; \
    for (int round = 0; round < 7; round++) { \
      const double start = now(); \
      for (long n = 0; n < times; n++) __VA_ARGS__; \
      const double seconds = (now() - start) / (double)times; \
      if (seconds < best) best = seconds; \
    } \
    (operations) / best / 1e9; \
  })

#if defined(__x86_64__)
// Twelve chains of multiply-adds that do not wait for each other.
__attribute__((target("avx512f,avx512bf16"))) static void units(void) {
  __m512 sums[12];
  for (int i = 0; i < 12; i++) sums[i] = _mm512_setzero_ps();
  __m512 x = _mm512_set1_ps(0.5f);
  const double float32 = BEST(100.0 * 12 * 32, for (int k = 0; k < 100; k++) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) {
      sums[i] = _mm512_fmadd_ps(x, x, sums[i]);
      __asm__ volatile("" : "+v"(sums[i]));
    }
  });
  const double bfloat16 = BEST(100.0 * 12 * 64, for (int k = 0; k < 100; k++) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) {
      sums[i] = _mm512_dpbf16_ps(sums[i], (__m512bh)x, (__m512bh)x);
      __asm__ volatile("" : "+v"(sums[i]));
    }
  });
  printf("| the units | %.0f | | %.0f |\n", float32, bfloat16);
}
#endif

static float *numbers(size_t count) {
  float *x = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
  for (size_t i = 0; i < count; i++) x[i] = (float)(i % 7) - 3;
  return x;
}

static double panels(int format, size_t rows, size_t inner, size_t columns, int transposed) {
  float *x = numbers(rows * inner), *w = numbers(inner * columns), *y = numbers(rows * columns);
  void *room = aligned_alloc(64, (columns + 15) / 16 * ck_panel_bytes(format, inner) + 64);
  ck_fill_panels_with_columns(format, w, columns, columns, inner, room);
  const ck_panel_factor factor = {room, format, columns, inner, inner};
  const ck_row_factor left = {x, transposed ? 1 : inner, transposed ? rows : 1};
  const double rate = BEST(2.0 * (double)(rows * inner * columns),
                           ck_multiply_panels(ck_instruction_set(), left, rows, factor, NULL, 1,
                                              CK_SET, y, columns));
  free(x), free(w), free(y), free(room);
  return rate;
}

// As in decoding: the weights of one layer after another, more than caches hold, in pages of 2 MiB.
static double from_memory(int set, int format, size_t rows, size_t inner, size_t columns) {
  const size_t layer = columns / 16 * ck_panel_bytes(format, inner);
  const size_t layers = (size_t)(128 << 20) / layer + 1, page = 2 << 20;
  const size_t bytes = (layer * layers + page - 1) / page * page;
  float *x = numbers(rows * inner), *w = numbers(inner * columns), *y = numbers(rows * columns);
  char *room = aligned_alloc(page, bytes);
#if defined(__linux__)
  madvise(room, bytes, MADV_HUGEPAGE);
#endif
  for (size_t n = 0; n < layers; n++)
    ck_fill_panels_with_columns(format, w, columns, columns, inner, room + n * layer);
  const ck_row_factor left = {x, inner, 1};
  const double rate = BEST_OF(2.0 * (double)(rows * inner * columns), (long)layers, {
    const ck_panel_factor factor = {room + (size_t)n * layer, format, columns, inner, inner};
    ck_multiply_panels(set, left, rows, factor, NULL, 1, CK_SET, y, columns);
  });
  free(x), free(w), free(y), free(room);
  return rate;
}

static double library(size_t rows, size_t inner, size_t columns, int transposed) {
  float *x = numbers(rows * inner), *w = numbers(inner * columns), *y = numbers(rows * columns);
  const double rate = BEST(
      2.0 * (double)(rows * inner * columns),
      cblas_sgemm(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, (int)rows,
                  (int)columns, (int)inner, 1, x, (int)(transposed ? rows : inner), w,
                  (int)columns, 0, y, (int)columns));
  free(x), free(w), free(y);
  return rate;
}

int main(void) {
  openblas_set_num_threads(1);
  puts("| rows x inner x columns | float32 | OpenBLAS | bfloat16 |\n|---|---:|---:|---:|");
#if defined(__x86_64__)
  if (ck_instruction_set() == CK_V4_BFLOAT16) units();
#endif
  static const struct {
    size_t rows, inner, columns;
    int transposed;
  } shapes[] = {{256, 128, 384, 0},  {256, 384, 128, 0},  {256, 128, 128, 0},   {24, 32, 80, 0},
                {24, 80, 32, 0},     {256, 576, 1536, 0}, {384, 1024, 128, 1},  {128, 1024, 384, 1},
                {1536, 1024, 576, 1}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const size_t rows = shapes[i].rows, inner = shapes[i].inner, columns = shapes[i].columns;
    const int transposed = shapes[i].transposed;
    printf("| %zu x %zu x %zu%s | %.0f | %.0f | %.0f |\n", rows, inner, columns,
           transposed ? ", left factor transposed" : "",
           panels(CK_FLOAT32, rows, inner, columns, transposed),
           library(rows, inner, columns, transposed),
           panels(CK_BFLOAT16_PAIRS, rows, inner, columns, transposed));
    fflush(stdout);
  }
  const int set = ck_instruction_set();
  puts("\nBy 576 x 1536 weights that come from memory, 128 MiB of them:\n");
  puts("| rows | float32 | float32, AVX2 | bfloat16 |\n|---|---:|---:|---:|");
  static const size_t counts[] = {1, 4, 8, 12, 16, 24, 32, 64, 256};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    printf("| %zu | %.0f | %.0f | %.0f |\n", counts[i],
           from_memory(set, CK_FLOAT32, counts[i], 576, 1536),
           from_memory(set < CK_V3 ? set : CK_V3, CK_FLOAT32, counts[i], 576, 1536),
           from_memory(set, CK_BFLOAT16_PAIRS, counts[i], 576, 1536));
    fflush(stdout);
  }
}
