// The system calls that confined processes may make; everything else is refused.
//
// What CPython and numpy call was measured (Benchmarks/calls) with the reference programs and tests
// of HumanEval+ and with a list of common uses of the standard library. What was never seen stands
// here only where it touches nothing but the process itself, and says so.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// What must hold of an argument. Only its lower 32 bits count, as the kernel reads these as int,
/// except for pointers.
enum test {
  IS_ONE_OF, // one of `values`
  HAS_NONE,  // none of the bits in `values[0]`
  IS_NULL    // 64 bits of zero
};

struct condition {
  uint8_t argument;
  enum test test;
  uint8_t count; // of values
  const uint32_t *values;
};

/// A call that is allowed where all its conditions hold. Several rules may allow the same call.
struct rule {
  uint32_t call;
  struct condition conditions[2];
};

/// An error in place of EPERM, where callers know how to go on.
struct refusal {
  uint32_t call;
  uint16_t code;
};

struct rules {
  const struct rule *rules;
  size_t count;
};

struct refusals {
  const struct refusal *refusals;
  size_t count;
};

/// For everybody.
extern const struct rules common_rules;
/// For the process that starts others, and for the tester.
extern const struct rules starter_rules;
/// For a judged program.
extern const struct rules judged_rules;
/// For changing files: only where the program has a folder of its own.
extern const struct rules writing_rules;
/// For opening files to read alone.
extern const struct rules reading_rules;
extern const struct refusals known_refusals;

/// From this number on calls are the same on all architectures, and new: the C library then does
/// without them where the kernel says ENOSYS.
enum { FIRST_NEW_CALL = 424 };
