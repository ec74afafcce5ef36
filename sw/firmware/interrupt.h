/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of devices as interrupts of this hart: its interrupt file of S-level, by the CSRs of
 * RISC-V AIA 1.0 (Ssaia). They end a wait and are asked for; none is ever taken as a trap.
 */
#ifndef FW_INTERRUPT_H
#define FW_INTERRUPT_H

#include <stdint.h>

/* External interrupts reach the hart, of no identity yet. */
void interrupt_open(void);
void interrupt_enable(uint32_t identity);
/* The most important identity that is enabled and pending, which it then is no more; 0: none. */
uint32_t interrupt_claim(void);
/* The same; until there is one the hart sleeps. */
uint32_t interrupt_wait(void);

#endif
