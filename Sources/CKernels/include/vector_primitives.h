#pragma once
#include <stdint.h>

// Primitives on sixteen floats which Swift imports as SIMD16<Float> and inlines. They exist because
// Swift's own fused multiply-add, square root, maximum and sum are slow at the x86-64 baseline.

#define CK_INLINE static inline __attribute__((always_inline))

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

typedef float ck_float16 __attribute__((ext_vector_type(16)));
typedef int ck_int16 __attribute__((ext_vector_type(16)));

/// a * b + c, fused where the processor that the code is compiled for can.
CK_INLINE ck_float16 ck_multiply_add(ck_float16 a, ck_float16 b, ck_float16 c) {
#pragma clang fp contract(fast)
  return a * b + c;
}

CK_INLINE ck_float16 ck_maximum(ck_float16 a, ck_float16 b) {
  return __builtin_elementwise_max(a, b);
}

CK_INLINE ck_float16 ck_square_root(ck_float16 a) { return __builtin_elementwise_sqrt(a); }

CK_INLINE float ck_largest_lane(ck_float16 a) { return __builtin_reduce_max(a); }

/// The sum of all lanes, always added in the same pairs.
CK_INLINE float ck_sum_of_lanes(ck_float16 a) {
  __auto_type eight = a.lo + a.hi;
  __auto_type four = eight.lo + eight.hi;
  __auto_type two = four.lo + four.hi;
  return two.x + two.y;
}

/// e^x with a relative error below 2e-7. Arguments are clamped to -87.3...88.3.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; e^r = 1 + r + r^2 q(r), where q is the minimax polynomial of
/// degree 4 for the relative error (3e-9 before rounding).
CK_INLINE ck_float16 ck_exponential(ck_float16 x) {
#pragma clang fp contract(fast)
  const float rounding = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  x = __builtin_elementwise_min(__builtin_elementwise_max(x, (ck_float16)(-87.3f)),
                                (ck_float16)(88.3f));
  ck_float16 shifted = x * 1.44269504088896341f + rounding;
  ck_float16 n = shifted - rounding;
  ck_float16 r = x - n * 0.693359375f;  // ln 2 in two parts, so that n ln 2 is exact enough
  r = r + n * 2.12194440e-4f;
  ck_float16 q = (ck_float16)(1.3814539987e-03f);
  q = q * r + 8.3687451164e-03f;
  q = q * r + 4.1668390787e-02f;
  q = q * r + 1.6666520399e-01f;
  q = q * r + 4.9999993432e-01f;
  ck_float16 power = q * r * r + r + 1.0f;
  ck_int16 bits;
  __builtin_memcpy(&bits, &shifted, sizeof bits);
  bits = (bits - (0x4B400000 - 127)) << 23;
  ck_float16 scale;
  __builtin_memcpy(&scale, &bits, sizeof scale);
  return power * scale;
}

/// The upper half of the nearest float32 whose lower half is zero, ties to even; NaN stays NaN.
CK_INLINE uint16_t ck_bfloat16_bits(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
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
