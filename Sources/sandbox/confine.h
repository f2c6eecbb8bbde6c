// The protections that a process puts on itself before it starts a program that nobody trusts.
// None of them can be taken back, and all of them pass to whatever the process starts.
#pragma once

/// What the confined process may use.
struct allowance {
  const char *folder;      // the only folder that it may write to; NULL: none
  const char **read_paths; // folders and files that it may read, ended by NULL
  long memory_megabytes;   // address space
  long cpu_seconds;        // processor time
  long file_megabytes;     // size of a file that it writes
};

/// Ends the process with a message that names what went wrong, and with status 125.
void die(const char *what);

/// Limits memory, processor time, files and core dumps, and gives up every capability of root.
void limit_resources(const struct allowance *allowance);

/// The version of Landlock that the kernel offers; 0 where it has none.
int landlock_version(void);

/// Restricts the file system (and, where the kernel can, TCP and signals) by Landlock.
/// Does nothing where the kernel has no Landlock.
void restrict_files(const struct allowance *allowance);

/// Refuses the system calls that reach the network, other processes, or the kernel's settings.
/// @return 0, or -1 where the kernel or the architecture has no such filter.
int restrict_calls(void);
