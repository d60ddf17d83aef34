/* What a program that holds secrets does before it does anything else. */
#ifndef HARDEN_H
#define HARDEN_H

#include "../common/base/base.h"

/* Descriptors 0 to 2 exist, what else was inherited does not reach children,
 * no core is dumped, files are made without rights for others, and a peer
 * that closes is an error of write(2) instead of a signal. */
void harden_process(void);

/* SIGTERM and SIGUSR1, which end a FastCGI process when its request is
 * answered: a socket that becomes readable at the first of them; -1 when there
 * is none.  Calls that wait in the kernel go on, so that no read or write of a
 * library is cut short.  After the library has set its own handlers.  From
 * then on no signal is blocked, whoever started this process. */
int harden_stop_fd(void) MUST_USE;

/* Holds these two back, and lets them in again: for calls that give up at a
 * signal. */
void harden_hold_stop(bool hold);

/* Terminals and shells send signals to all processes of a group: those that
 * mean its master do nothing in a worker. */
void harden_as_worker(void);

/* Goes on in a new process that whoever started this one neither waits for nor
 * ends: true there, false in this one.  Standard input and output, and error
 * output into a pipe, go nowhere in it. */
bool harden_detach(void) MUST_USE;

/* Gives signals that a library took for itself back to the system. */
void harden_default_signals(void);

#endif
