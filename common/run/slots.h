/* A ceiling on what runs at once on this machine, across processes: N locked
 * files in a private directory.  A process that dies frees its slot. */
#ifndef SLOTS_H
#define SLOTS_H

#include "../base/err.h"

/* Takes one of N slots in DIR, which is made when it is missing; NULL is
 * agentmark-fcgi below $XDG_RUNTIME_DIR, or else /tmp/agentmark-fcgi-UID.  It
 * must belong to this user and nobody else may write or read it.  Returns a
 * descriptor for slot_release(); -1 and ERR_BUSY when all are taken. */
int slot_take(const char *dir, int64_t n, struct err *err) MUST_USE;

void slot_release(int slot);

/* Opens a directory that belongs to this user and that nobody else may write
 * or read; it is made when it is missing, its parents are not. */
int private_dir(const char *path, struct err *err) MUST_USE NONNULL;

#endif
