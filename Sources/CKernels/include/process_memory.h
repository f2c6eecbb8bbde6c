#pragma once
#include <stddef.h>

// What becomes of a process that may not have the memory that it asks for.

/// Says that so many bytes were not to be had, and ends the process with exit code 1. Swift cannot
/// throw where it allocates.
_Noreturn void ck_out_of_memory(size_t bytes);

/// Says so, too, where the process is about to end by a signal because an allocation failed that
/// nobody looked at. Any other cause ends it as before.
void ck_explain_failed_allocations(void);
