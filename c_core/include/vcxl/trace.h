/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace events: one row of the table per event. Who emits an event fills its fields in the order of
 * the row; writers (text, JSON, statistics) know nothing but the table. Off costs one branch.
 */
#ifndef VCXL_TRACE_H
#define VCXL_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_TRACE_MAX_FIELDS 7

enum vcxl_trace_unit {
	VCXL_TRACE_HEX,    /* address, register value, opcode */
	VCXL_TRACE_DEC,    /* count, index, bytes */
	VCXL_TRACE_PS,     /* picoseconds */
	VCXL_TRACE_RW,     /* 0 "R", 1 "W" */
	VCXL_TRACE_ACCESS, /* 0 "load", 1 "store", 2 "amo" */
	VCXL_TRACE_CODE,   /* address of an instruction; writers may add its symbol */
	VCXL_TRACE_CSR     /* number of a CSR; writers may add its name */
};

/*
 * E(symbol, "category.name", F(field, unit) ...): symbols become VCXL_TRACE_<symbol>.
 * `latency` of a hop is what that hop adds to the annotated delay. cpu.csr tells the value that the
 * instruction leaves, cpu.mem what was stored, or for a load and an AMO what was read. Steps of
 * dc.extent: 0 offered, 1 accepted, 2 offer ended without it, 3 released.
 */
#define VCXL_TRACE_EVENTS(E, F)                                                                    \
	E(WINDOW, "mem.window",                                                                    \
	  F(rw, RW) F(hpa, HEX) F(len, DEC) F(ways, DEC) F(target, DEC) F(latency, PS))            \
	E(PORT, "mem.port", F(rw, RW) F(hpa, HEX) F(len, DEC) F(dport, DEC) F(latency, PS))        \
	E(MEMDEV, "mem.memdev",                                                                    \
	  F(rw, RW) F(hpa, HEX) F(dpa, HEX) F(len, DEC) F(partition, DEC) F(latency, PS))          \
	E(UNROUTED, "mem.unrouted", F(rw, RW) F(hpa, HEX) F(len, DEC) F(status, DEC))              \
	E(CONFIG, "io.config", F(rw, RW) F(bdf, HEX) F(offset, HEX) F(len, DEC) F(value, HEX))     \
	E(MMIO, "io.mmio", F(rw, RW) F(space, DEC) F(offset, HEX) F(len, DEC) F(value, HEX))       \
	E(DECODER, "hdm.commit",                                                                   \
	  F(decoder, DEC) F(base, HEX) F(size, HEX) F(ways, DEC) F(granularity, DEC)               \
		  F(committed, DEC) F(error, DEC))                                                 \
	E(COMMAND, "mbox.command", F(opcode, HEX) F(in_len, DEC) F(rc, HEX) F(out_len, DEC))       \
	E(MSI, "irq.msi", F(hpa, HEX) F(data, HEX))                                                \
	E(RESET, "reset", F(kind, DEC))                                                            \
	E(EVENT, "event.record", F(log, DEC) F(handle, HEX))                                       \
	E(RAS, "ras.error", F(bit, DEC) F(message, HEX))                                           \
	E(ERROR, "io.error", F(message, HEX) F(requester, HEX))                                    \
	E(EXTENT, "dc.extent", F(step, DEC) F(dpa, HEX) F(len, HEX))                               \
	E(BLK, "virtio.blk", F(type, DEC) F(sector, HEX) F(len, DEC) F(status, DEC))               \
	E(INSN, "cpu.insn", F(pc, CODE) F(bits, HEX) F(priv, DEC))                                 \
	E(EXCEPTION, "cpu.exception", F(pc, CODE) F(cause, DEC) F(tval, HEX) F(priv, DEC))         \
	E(INTERRUPT, "cpu.interrupt", F(pc, CODE) F(cause, DEC) F(priv, DEC))                      \
	E(CSR_INSN, "cpu.csr", F(pc, CODE) F(csr, CSR) F(value, HEX))                              \
	E(DATA, "cpu.mem",                                                                         \
	  F(access, ACCESS) F(pc, CODE) F(va, HEX) F(pa, HEX) F(len, DEC) F(value, HEX))

enum vcxl_trace_id {
#define VCXL_TRACE_ENUM(symbol, name, fields) VCXL_TRACE_##symbol,
#define VCXL_TRACE_NOTHING(field, unit)
	VCXL_TRACE_EVENTS(VCXL_TRACE_ENUM, VCXL_TRACE_NOTHING)
#undef VCXL_TRACE_ENUM
#undef VCXL_TRACE_NOTHING
	VCXL_N_TRACE_EVENTS
};

struct vcxl_trace_row {
	const char *name;
	unsigned n_fields;
	struct {
		const char *name;
		enum vcxl_trace_unit unit;
	} fields[VCXL_TRACE_MAX_FIELDS];
};

extern const struct vcxl_trace_row vcxl_trace_rows[VCXL_N_TRACE_EVENTS];

struct vcxl_trace_event {
	enum vcxl_trace_id id;
	const char *source; /* name of the emitting object; valid during the call */
	uint64_t fields[VCXL_TRACE_MAX_FIELDS];
};

/* Shared by all that trace; whoever owns it knows the simulated time and adds it. */
struct vcxl_trace {
	void *ctx;
	void (*emit)(void *ctx, const struct vcxl_trace_event *event);
	uint64_t enabled; /* bit per event */
};

static inline bool vcxl_trace_on(const struct vcxl_trace *trace, enum vcxl_trace_id id)
{
	return trace && (trace->enabled >> id & 1);
}

/* Emits when enabled: vcxl_trace(t, VCXL_TRACE_MSI, name, hpa, data). */
#define vcxl_trace_emit(trace, id_, source_, ...)                                                  \
	do {                                                                                       \
		if (__builtin_expect(vcxl_trace_on(trace, id_), 0)) {                              \
			const struct vcxl_trace_event event_ = { id_, source_, { __VA_ARGS__ } };  \
			(trace)->emit((trace)->ctx, &event_);                                      \
		}                                                                                  \
	} while (0)

#ifdef __cplusplus
}
#endif
#endif
