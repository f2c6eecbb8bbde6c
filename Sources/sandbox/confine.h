// The protections that a process puts on itself before it starts a program that nobody trusts.
// None of them can be taken back, and all of them pass to whatever the process starts.
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/types.h>

/// The folder that a confined program may write to, where it has one.
#define OWN_FOLDER "/tmp/job"

/// What confined processes may use, and which protections hold.
struct allowance {
  const char **read_paths; // folders and files that they may read, ended by NULL
  long memory_megabytes;   // address space of a process, and what the own folder holds
  long file_megabytes;     // size of a file
  bool namespaces;         // whether they live in namespaces of their own, and have an own folder
  bool files;              // whether Landlock holds
  bool calls;              // whether system calls are filtered
};

/// Ends the process with a message that names what went wrong, and with status 125.
void die(const char *what);

/// Limits memory, files, threads and core dumps; becomes an unprivileged user where that is
/// possible; gives up every capability.
void limit_resources(const struct allowance *allowance, const char *program);

/// The version of Landlock that the kernel offers; 0 where it has none.
int landlock_version(void);

/// Restricts the file system (and, where the kernel can, TCP and signals) by Landlock.
/// Does nothing where the kernel has no Landlock.
void restrict_files(const struct allowance *allowance);

/// What a filter of system calls allows besides.
enum strictness {
  MAY_FORK,     // for the process that starts others: forking, ending them, changing files
  MAY_WRITE,    // for a judged program with an own folder: changing files
  MAY_READ_ONLY // for a judged program without: nothing
};

/// Writes a filter that allows the system calls that Python needs (calls.h), and refuses the rest.
/// @return the number of instructions; 0 where the architecture is not known.
int write_filter(struct sock_filter *filter, enum strictness strictness);

/// The most instructions that `write_filter` writes.
enum { MOST_INSTRUCTIONS = 640 };

/// Puts a filter on this process.
/// @return 0, or -1 where the kernel or the architecture has no such filter.
int restrict_calls(enum strictness strictness);

/// Forks into user, process, mount, network, host name and message namespaces, with a file system
/// that holds nothing but what may be read.
/// @return as fork; -1 where the system does not allow it. The child is process 1 of its namespace.
pid_t fork_into_namespaces(const struct allowance *allowance);

/// Mounts an empty, small, private OWN_FOLDER. Only within the namespaces.
/// @return 0, or -1.
int renew_own_folder(void);

/// Judges jobs from standard input until it ends. Never returns.
void serve(const struct allowance *allowance, char **program, bool fresh, bool is_first_process);
