#pragma once
#include <stdint.h>

// Small things that Swift and the kernels share.

#define CK_INLINE static inline __attribute__((always_inline))

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

typedef float ck_float16 __attribute__((ext_vector_type(16)));
/// The upper half of the nearest float32 whose lower half is zero, ties to even; NaN stays NaN.
CK_INLINE uint16_t ck_bfloat16_bits(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Two numbers as bfloat16, in the bits of a float.
CK_INLINE float ck_pair(float first, float second) {
  const uint32_t bits = ck_bfloat16_bits(first) | (uint32_t)ck_bfloat16_bits(second) << 16;
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

/// The nearest number that bfloat16 can store.
CK_INLINE float ck_rounded_to_bfloat16(float value) {
  uint32_t bits = (uint32_t)ck_bfloat16_bits(value) << 16;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

/// Tells the processor that this is a waiting loop.
CK_INLINE void ck_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#pragma clang diagnostic pop
