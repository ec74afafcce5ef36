/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RV64 instruction-set simulator: what a platform sees of a hart. Plain C, no SystemC, no clock, no
 * thread. A hart runs a given number of steps and calls out for everything that is not itself.
 *
 * Step = one instruction retired or one exception taken; simulated time is the owner's function of
 * it.
 */
#ifndef ISS_H
#define ISS_H

#include <stdbool.h>
#include <stdint.h>

#include <vcxl/xor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ISS_PAGE_SIZE   4096u
#define ISS_CACHE_LINE  64u  /* Zicbom, Zicboz block size */
#define ISS_IMSIC_IDS   255u /* interrupt identities 1..255 per file */
#define ISS_PMP_ENTRIES 16u

struct iss_hart;

enum iss_access {
	ISS_FETCH,
	ISS_LOAD,
	ISS_STORE
};

/*
 * Host memory behind a physical range, as granted. [pa, pa+size) contains the page asked for.
 * Linear, or, with n_slots > 0, dealt out: the slots take turns from pa on, granule by granule, and
 * after a turn each has advanced by `stride` bytes. `arithmetic` comes before that: it makes of an
 * address another one of the range, in the same place of a granule.
 */
struct iss_dmi {
	uint64_t pa, size;
	uint8_t *host; /* of pa, when linear */
	bool readable, writable;
	uint8_t *const *slots; /* host memory of the first granule of each; only read in the call */
	unsigned n_slots;
	uint64_t granule; /* a power of two from 256 up; pa is a multiple of the page size */
	uint64_t stride;
	struct vcxl_xor arithmetic; /* n = 0: none */
};

enum iss_cbo {
	ISS_CBO_CLEAN,
	ISS_CBO_FLUSH,
	ISS_CBO_INVAL
};

/* Calls into the platform, from inside iss_hart_run() on the caller's stack. */
struct iss_ops {
	void *ctx;
	/* One access of 1..8 bytes that does not cross a page; false: access fault. A load fills
	 * data little-endian. May call iss_hart_set_irq, _imsic_msi, _dmi_invalidate and _stop. */
	bool (*access)(void *ctx, uint64_t pa, void *data, unsigned len, enum iss_access kind);
	/* Whether the whole page at pa (page-aligned) is host memory. *out comes zeroed. A refusal
	 * holds until iss_hart_dmi_invalidate() names the page. */
	bool (*dmi)(void *ctx, uint64_t pa, struct iss_dmi *out);
	/* mtime, in ticks of the platform's timebase, at this step: see iss_hart_steps_run(). */
	uint64_t (*time)(void *ctx);
	/* Cache-block management of the 64-byte block at pa reached memory; may be NULL. */
	bool (*cbo)(void *ctx, uint64_t pa, enum iss_cbo op);
	/* stimecmp or its enable changed: the owner wants to recompute its deadline; may be NULL.
	 */
	void (*timer_changed)(void *ctx);
};

/* Both give the same results and counts, instruction for instruction. */
enum iss_engine {
	ISS_ENGINE_BLOCK, /* decoded blocks: fast */
	ISS_ENGINE_STEP   /* one instruction after the other: what the other is measured against */
};

struct iss_config {
	enum iss_engine engine;
	uint64_t hart_id;
	uint64_t reset_pc;
	bool imsic; /* MEIP and SEIP come from the hart's IMSIC files, else from iss_hart_set_irq */
};

/* NULL when out of memory. Config and ops are copied. Resets the hart. */
struct iss_hart *iss_hart_create(const struct iss_config *config, const struct iss_ops *ops);
void iss_hart_destroy(struct iss_hart *hart);
void iss_hart_reset(struct iss_hart *hart);

enum iss_stop {
	ISS_STOP_BUDGET, /* max_steps done */
	ISS_STOP_WFI,    /* waiting: nothing pending and enabled; resume after an input changed */
	ISS_STOP_REQUEST /* iss_hart_stop() was called */
};

/* Runs at most max_steps steps; *why says why it came back. Returns the steps done. */
uint64_t iss_hart_run(struct iss_hart *hart, uint64_t max_steps, enum iss_stop *why);
/* Steps done since the current iss_hart_run() began: exact inside callbacks. */
uint64_t iss_hart_steps_run(const struct iss_hart *hart);
/* Makes the current (or next) iss_hart_run() return before its next step. */
void iss_hart_stop(struct iss_hart *hart);

/* Interrupt inputs by mip bit: 3 MSIP, 7 MTIP; without IMSIC also 9 SEIP and 11 MEIP. */
void iss_hart_set_irq(struct iss_hart *hart, unsigned bit, bool level);
enum iss_imsic_file {
	ISS_IMSIC_M,
	ISS_IMSIC_S,
	ISS_N_IMSIC_FILES
};
/* A write to seteipnum of an interrupt file; identities that do not exist are ignored. */
void iss_hart_imsic_msi(struct iss_hart *hart, enum iss_imsic_file file, uint32_t identity);
/* Whether an enabled interrupt is pending, so that WFI would not wait. */
bool iss_hart_has_work(struct iss_hart *hart);
/* Tick at which the supervisor timer (Sstc) fires next; UINT64_MAX: not armed. */
uint64_t iss_hart_timer_deadline(const struct iss_hart *hart);

/* Host memory in [pa, pa+size) may not be used any more. Safe from inside callbacks. */
void iss_hart_dmi_invalidate(struct iss_hart *hart, uint64_t pa, uint64_t size);

/*
 * Memory in [pa, pa+size) was written by somebody else. Only for code that the hart shall execute
 * without a FENCE.I in between, as after loading a program: FENCE.I makes it see everything.
 */
void iss_hart_code_written(struct iss_hart *hart, uint64_t pa, uint64_t size);

/* The reservation of LR is lost, e.g. because another hart stored to its 64 bytes. */
void iss_hart_clear_reservation(struct iss_hart *hart);

/* State, for loaders, debuggers and tests. Register numbers: 0..31 x, 32 pc, 33..64 f. */
uint64_t iss_hart_reg(const struct iss_hart *hart, unsigned n);
void iss_hart_set_reg(struct iss_hart *hart, unsigned n, uint64_t value);
/* CSR access as M-mode software would do it; false: no such CSR, or read-only. */
bool iss_hart_csr_read(struct iss_hart *hart, unsigned csr, uint64_t *value);
bool iss_hart_csr_write(struct iss_hart *hart, unsigned csr, uint64_t value);
uint64_t iss_hart_instret(const struct iss_hart *hart); /* retired since reset */
unsigned iss_hart_priv(const struct iss_hart *hart);    /* 0 U, 1 S, 3 M */
/* Exceptions and interrupts taken since reset, by cause (0..63), interrupts from 64 on. */
uint64_t iss_hart_trap_count(const struct iss_hart *hart, unsigned cause);

/*
 * Debugging (debug.c): costs nothing while unused. Watched bytes are virtual addresses of loads and
 * stores; an AMO counts as a write. The access has been done when the hit is seen.
 */
#define ISS_MAX_WATCHES 16u
enum iss_watch_kind {
	ISS_WATCH_WRITE = 1,
	ISS_WATCH_READ = 2,
	ISS_WATCH_ACCESS = ISS_WATCH_WRITE | ISS_WATCH_READ
};
struct iss_watch {
	uint64_t va, size;
	unsigned kinds; /* enum iss_watch_kind */
};
/* false: too many, or the range is empty or wraps. Adding one twice is adding it once. */
bool iss_hart_watch_add(struct iss_hart *hart, const struct iss_watch *watch);
bool iss_hart_watch_remove(struct iss_hart *hart, const struct iss_watch *watch);
void iss_hart_watch_clear(struct iss_hart *hart);
unsigned iss_hart_watches(const struct iss_hart *hart); /* how many there are */
/* Whether a watched access was tried since the last call (an exception may have prevented it). */
bool iss_hart_watch_hit(struct iss_hart *hart, struct iss_watch *watch);
/* Takes the interrupt that the next step would begin with, so that pc is the one it executes;
 * false: the hart waits. No step, and no difference to what follows. */
bool iss_hart_settle(struct iss_hart *hart);
/* Where an instruction fetch from va would go, without side effects or permission checks; read
 * fetches page table entries. */
typedef bool iss_debug_read(void *ctx, uint64_t pa, void *data, unsigned len);
bool iss_hart_debug_translate(const struct iss_hart *hart, uint64_t va, iss_debug_read *read,
			      void *ctx, uint64_t *pa);
/*
 * The access to memory of an instruction, by its bits and the hart before it executes; false: it
 * makes none. pa is UINT64_MAX where va is not translated; an access across pages has that of its
 * first byte. Afterwards, if it retired, iss_hart_data_done() says whether memory was accessed (a
 * failing SC does not) and completes the value: what was stored, else what was read.
 */
enum iss_data_kind {
	ISS_DATA_LOAD,
	ISS_DATA_STORE,
	ISS_DATA_AMO
};
struct iss_data_access {
	enum iss_data_kind kind;
	unsigned size;
	uint64_t va, pa, value;
	uint16_t op; /* for iss_hart_data_done() */
	uint8_t rd;
};
bool iss_hart_data_access(const struct iss_hart *hart, uint32_t bits, iss_debug_read *read,
			  void *ctx, struct iss_data_access *out);
bool iss_hart_data_done(const struct iss_hart *hart, struct iss_data_access *access);
/* Whether it is a CSR instruction, and of which. */
bool iss_csr_of(uint32_t bits, unsigned *csr);
/* Name of a CSR; false: there is none of that number. */
#define ISS_CSR_NAME_SIZE 20u
bool iss_csr_name(unsigned csr, char name[ISS_CSR_NAME_SIZE]);
/* What iss_hart_trap_count() counts under a number, "reserved" where there is nothing. */
const char *iss_trap_name(unsigned cause);

/* The ISA string for device trees and RHCT, e.g. "rv64imafdc_zicntr_...". */
const char *iss_isa_string(void);

#ifdef __cplusplus
}
#endif
#endif
