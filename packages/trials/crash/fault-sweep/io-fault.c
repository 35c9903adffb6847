// Preloaded into a process (LD_PRELOAD), this library makes chosen calls on a store's files fail, like a broken disk.
//
// Only calls on files whose name contains FAULT_FILE (default keyfob.db) count, from 1. Environment:
//   FAULT_CALLS   the calls that count: open, read, write, sync, truncate, separated by commas; default all
//   FAULT_AT      the number of the call that fails; 0 or empty for none
//   FAULT_LASTS   1: that call and every later one fail; otherwise only that call
//   FAULT_ERRNO   EIO (default) or ENOSPC
//   FAULT_MARKER  calls count only while this file exists
//   FAULT_LOG     file to which each counted call appends a line: number, call, file, and "failed" if it failed
//
// A write that fails has written half of its bytes. A sync that fails has synced nothing. With ENOSPC only calls that
// need disk space fail: an open only if it may create a file, a read never.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long counted;

static const char *setting(const char *name, const char *fallback) {
  const char *value = getenv(name);
  return value == NULL || *value == '\0' ? fallback : value;
}

static bool is_listed(const char *call) {
  const char *calls = setting("FAULT_CALLS", "open,read,write,sync,truncate");
  size_t length = strlen(call);
  for (const char *at = strstr(calls, call); at != NULL; at = strstr(at + 1, call)) {
    if ((at == calls || at[-1] == ',') && (at[length] == ',' || at[length] == '\0')) return true;
  }
  return false;
}

static void log_call(long number, const char *call, const char *file, bool fails) {
  const char *log = setting("FAULT_LOG", NULL);
  if (log == NULL) return;
  char line[512];
  int length = snprintf(line, sizeof line, "%ld %s %s%s\n", number, call, file, fails ? " failed" : "");
  int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return;
  syscall(SYS_write, fd, line, (size_t)length);
  syscall(SYS_close, fd);
}

// Counts the call. Returns whether it fails, with errno set.
static bool fails(const char *call, const char *path) {
  const char *slash = strrchr(path, '/');
  const char *file = slash == NULL ? path : slash + 1;
  if (strstr(file, setting("FAULT_FILE", "keyfob.db")) == NULL || !is_listed(call)) return false;
  const char *marker = setting("FAULT_MARKER", NULL);
  if (marker != NULL && syscall(SYS_faccessat, AT_FDCWD, marker, F_OK) != 0) return false;
  long number = atomic_fetch_add(&counted, 1) + 1;
  long at = atol(setting("FAULT_AT", "0"));
  bool lasts = strcmp(setting("FAULT_LASTS", "0"), "1") == 0;
  bool hit = at > 0 && (number == at || (lasts && number > at));
  log_call(number, call, file, hit);
  if (hit) errno = strcmp(setting("FAULT_ERRNO", "EIO"), "ENOSPC") == 0 ? ENOSPC : EIO;
  return hit;
}

static bool fails_on(const char *call, int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (length <= 0) return false;
  path[length] = '\0';
  int before = errno;
  bool hit = fails(call, path);
  if (!hit) errno = before;
  return hit;
}

static bool is_disk_full(void) { return strcmp(setting("FAULT_ERRNO", "EIO"), "ENOSPC") == 0; }

static int open_or_fail(int directory, const char *path, int flags, mode_t mode) {
  bool counts = !is_disk_full() || (flags & O_CREAT) != 0;
  if (counts && fails("open", path)) return -1;
  return (int)syscall(SYS_openat, directory, path, flags, mode);
}

#define MODE_OF(flags)                                    \
  mode_t mode = 0;                                        \
  if (((flags) & O_CREAT) != 0 || ((flags) & O_TMPFILE) == O_TMPFILE) { \
    va_list rest;                                         \
    va_start(rest, flags);                                \
    mode = (mode_t)va_arg(rest, int);                     \
    va_end(rest);                                         \
  }

int open(const char *path, int flags, ...) {
  MODE_OF(flags)
  return open_or_fail(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  MODE_OF(flags)
  return open_or_fail(AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...) {
  MODE_OF(flags)
  return open_or_fail(directory, path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  if (fails_on("write", fd)) {
    int fault = errno;
    syscall(SYS_write, fd, bytes, length / 2);
    errno = fault;
    return -1;
  }
  return syscall(SYS_write, fd, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  if (fails_on("write", fd)) {
    int fault = errno;
    syscall(SYS_pwrite64, fd, bytes, length / 2, offset);
    errno = fault;
    return -1;
  }
  return syscall(SYS_pwrite64, fd, bytes, length, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}

ssize_t read(int fd, void *bytes, size_t length) {
  if (!is_disk_full() && fails_on("read", fd)) return -1;
  return syscall(SYS_read, fd, bytes, length);
}

ssize_t pread64(int fd, void *bytes, size_t length, off64_t offset) {
  if (!is_disk_full() && fails_on("read", fd)) return -1;
  return syscall(SYS_pread64, fd, bytes, length, offset);
}

ssize_t pread(int fd, void *bytes, size_t length, off_t offset) { return pread64(fd, bytes, length, offset); }

int fsync(int fd) { return fails_on("sync", fd) ? -1 : (int)syscall(SYS_fsync, fd); }

int fdatasync(int fd) { return fails_on("sync", fd) ? -1 : (int)syscall(SYS_fdatasync, fd); }

int ftruncate64(int fd, off64_t length) {
  return fails_on("truncate", fd) ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
