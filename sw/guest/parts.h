/* SPDX-License-Identifier: Apache-2.0 */
/* What the M-mode programs made of the firmware's parts begin with; see parts.c. */
#ifndef VCXL_GUEST_PARTS_H
#define VCXL_GUEST_PARTS_H

#include "arch.h"
#include "board.h"
#include "console.h"

extern struct board board;
extern struct console console;
extern volatile uint64_t trap_cause; /* mcause of the last access that trapped */

enum {
	CAUSE_LOAD_ACCESS = 5,
	CAUSE_STORE_ACCESS = 7
};

/* The program: board and console are there, traps are survived. */
void guest_main(void);
_Noreturn void give_up(const char *what);

#endif
