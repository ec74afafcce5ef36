/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start of an M-mode program without firmware: a stack, what the device tree says of the board, and
 * a trap handler that goes on behind the access and tells its cause.
 */
#include "parts.h"

struct board board;
struct console console;
volatile uint64_t trap_cause;

void guest_start(uint64_t hart, const void *tree);

__attribute__((naked, section(".text.start"), used)) void _start(void)
{
	__asm__("la sp, _stack_end\n"
		"call guest_start\n"
		"1: wfi\n"
		"j 1b");
}

/* Goes on behind the access. */
__attribute__((interrupt("machine"), aligned(4))) static void trap(void)
{
	uint64_t cause, pc;

	__asm__ volatile("csrr %0, mcause" : "=r"(cause));
	__asm__ volatile("csrr %0, mepc" : "=r"(pc));
	trap_cause = cause;
	pc += (*(const uint16_t *)pc & 3) == 3 ? 4 : 2;
	__asm__ volatile("csrw mepc, %0" ::"r"(pc));
}

_Noreturn void give_up(const char *what)
{
	say(&console, "FAILED: %s\n", what);
	board_finish(&board, 1);
}

void guest_start(uint64_t hart, const void *blob)
{
	struct dt tree;

	(void)hart;
	__asm__ volatile("csrw mtvec, %0" ::"r"(trap));
	board_default(&board);
	if (dt_open(&tree, blob, DT_MAX_SIZE))
		board_read(&board, &tree);
	console.uart = board.uart;
	guest_main();
}
