// A seccomp filter that allows what calls.c lists. Written by hand, so that no library is needed.
#define _GNU_SOURCE
#include "calls.h"
#include "confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define CALL_NUMBER offsetof(struct seccomp_data, nr)

struct writer {
  struct sock_filter *filter;
  int count;
};

static void add(struct writer *writer, uint16_t code, uint32_t value, int if_true, int if_false) {
  struct sock_filter instruction = {code, (uint8_t)if_true, (uint8_t)if_false, value};
  writer->filter[writer->count++] = instruction;
}

static void load(struct writer *writer, size_t offset) {
  add(writer, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct writer *writer, uint32_t action) {
  add(writer, BPF_RET | BPF_K, action, 0, 0);
}

// Jumps over `if_true` or `if_false` instructions, as the number read last is equal or not.
static void is_equal(struct writer *writer, uint32_t value, int if_true, int if_false) {
  add(writer, BPF_JMP | BPF_JEQ | BPF_K, value, if_true, if_false);
}

static int length(const struct condition *condition) {
  if (condition->count == 0) return 0;
  switch (condition->test) {
  case IS_ONE_OF: return 1 + condition->count;
  case HAS_NONE: return 2;
  case IS_NULL: return 4;
  }
  return 0;
}

// Goes on behind itself where the condition holds, and else jumps over `if_not` further instructions.
static void check(struct writer *writer, const struct condition *condition, int if_not) {
  if (condition->count == 0) return;
  size_t argument = offsetof(struct seccomp_data, args) + 8 * (size_t)condition->argument;
  load(writer, argument); // both architectures have the lower half first
  switch (condition->test) {
  case IS_ONE_OF:
    for (int index = 0, last = condition->count - 1; index <= last; index++)
      is_equal(writer, condition->values[index], last - index, index == last ? if_not : 0);
    break;
  case HAS_NONE:
    add(writer, BPF_JMP | BPF_JSET | BPF_K, *condition->values, if_not, 0);
    break;
  case IS_NULL:
    is_equal(writer, 0, 0, if_not + 2);
    load(writer, argument + 4);
    is_equal(writer, 0, 0, if_not);
    break;
  }
}

// Allows a call where its conditions hold; else the number of the call is there for the next rule.
static void allow(struct writer *writer, const struct rule *rule) {
  int first = length(&rule->conditions[0]), second = length(&rule->conditions[1]);
  bool has_conditions = first + second > 0;
  is_equal(writer, rule->call, 0, first + second + (has_conditions ? 2 : 1));
  check(writer, &rule->conditions[0], second + 1);
  check(writer, &rule->conditions[1], 1);
  answer(writer, SECCOMP_RET_ALLOW);
  if (has_conditions) load(writer, CALL_NUMBER);
}

static void allow_all(struct writer *writer, const struct rules *rules) {
  for (size_t index = 0; index < rules->count; index++) allow(writer, &rules->rules[index]);
}

static void refuse_rest(struct writer *writer) {
  for (size_t index = 0; index < known_refusals.count; index++) {
    is_equal(writer, known_refusals.refusals[index].call, 0, 1);
    answer(writer, SECCOMP_RET_ERRNO | known_refusals.refusals[index].code);
  }
  // The calls of x32 are among those that are greater.
  add(writer, BPF_JMP | BPF_JGE | BPF_K, FIRST_NEW_CALL, 0, 1);
  answer(writer, SECCOMP_RET_ERRNO | ENOSYS);
  answer(writer, SECCOMP_RET_ERRNO | EPERM);
}

#ifdef ARCHITECTURE
int write_filter(struct sock_filter *filter, enum strictness strictness) {
  struct writer writer = {filter, 0};
  load(&writer, offsetof(struct seccomp_data, arch));
  is_equal(&writer, ARCHITECTURE, 1, 0);
  answer(&writer, SECCOMP_RET_KILL_PROCESS); // such as the calls of 32 bits
  load(&writer, CALL_NUMBER);
  allow_all(&writer, &common_rules);
  allow_all(&writer, strictness == MAY_FORK ? &starter_rules : &judged_rules);
  allow_all(&writer, strictness == MAY_READ_ONLY ? &reading_rules : &writing_rules);
  refuse_rest(&writer);
  return writer.count;
}
#else
int write_filter(struct sock_filter *filter, enum strictness strictness) { return 0; }
#endif

int restrict_calls(enum strictness strictness) {
  struct sock_filter filter[MOST_INSTRUCTIONS];
  int count = write_filter(filter, strictness);
  if (count == 0) return -1;
  struct sock_fprog program = {(unsigned short)count, filter};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
