// SPDX-License-Identifier: Apache-2.0
//
// Trace events of a hart, from outside of it: what an instruction is before its step, what it did
// after. See cpu.h.
#include "cpu.h"

namespace vcxl
{

namespace
{

bool read(void *ctx, uint64_t pa, void *data, unsigned len)
{
	return static_cast<cpu *>(ctx)->debug_access(tlm::TLM_READ_COMMAND, pa, data, len) == len;
}

} // namespace

bool cpu::traced() const
{
	constexpr vcxl_trace_id events[] = { VCXL_TRACE_INSN, VCXL_TRACE_EXCEPTION,
					     VCXL_TRACE_INTERRUPT, VCXL_TRACE_CSR_INSN,
					     VCXL_TRACE_DATA };

	for (const vcxl_trace_id id : events)
		if (vcxl_trace_on(config_.trace, id))
			return true;
	return false;
}

// The trap just taken at pc; the level that handles it knows the cause.
void cpu::trace_trap(vcxl_trace_id id, uint64_t pc) const
{
	constexpr unsigned scause = 0x142, stval = 0x143, mcause = 0x342, mtval = 0x343;
	const unsigned priv = iss_hart_priv(hart_.get());
	uint64_t cause = 0, tval = 0;

	if (!vcxl_trace_on(config_.trace, id))
		return;
	iss_hart_csr_read(hart_.get(), priv == 3 ? mcause : scause, &cause);
	iss_hart_csr_read(hart_.get(), priv == 3 ? mtval : stval, &tval);
	cause = cause << 1 >> 1;
	if (id == VCXL_TRACE_EXCEPTION)
		vcxl_trace_emit(config_.trace, id, name(), pc, cause, tval, priv);
	else
		vcxl_trace_emit(config_.trace, id, name(), pc, cause, priv);
}

// 0 when it cannot be fetched.
uint32_t cpu::insn_at(uint64_t pc)
{
	uint32_t bits = 0;

	for (unsigned half = 0; half < 2; half++) { // the halves may lie in two pages
		uint8_t bytes[2];
		uint64_t pa = 0;

		if (!iss_hart_debug_translate(hart_.get(), pc + 2 * half, read, this, &pa) ||
		    !read(this, pa, bytes, sizeof(bytes)))
			return 0;
		bits |= static_cast<uint32_t>(bytes[0] | bytes[1] << 8) << 16 * half;
		if ((bits & 3) != 3)
			break;
	}
	return bits;
}

// The instruction at pc, as far as an event needs it.
uint32_t cpu::trace_insn(uint64_t pc)
{
	const bool needed = vcxl_trace_on(config_.trace, VCXL_TRACE_INSN) ||
			    vcxl_trace_on(config_.trace, VCXL_TRACE_CSR_INSN) ||
			    vcxl_trace_on(config_.trace, VCXL_TRACE_DATA);
	const uint32_t bits = needed ? insn_at(pc) : 0;

	vcxl_trace_emit(config_.trace, VCXL_TRACE_INSN, name(), pc, bits,
			iss_hart_priv(hart_.get()));
	return bits;
}

bool cpu::data_access(uint32_t bits, iss_data_access *data)
{
	return vcxl_trace_on(config_.trace, VCXL_TRACE_DATA) &&
	       iss_hart_data_access(hart_.get(), bits, read, this, data);
}

// What a retired instruction did.
void cpu::trace_effects(uint64_t pc, uint32_t bits, iss_data_access *data) const
{
	uint64_t value = 0;
	unsigned csr = 0;

	if (data && iss_hart_data_done(hart_.get(), data))
		vcxl_trace_emit(config_.trace, VCXL_TRACE_DATA, name(),
				static_cast<uint64_t>(data->kind), pc, data->va, data->pa,
				data->size, data->value);
	if (!vcxl_trace_on(config_.trace, VCXL_TRACE_CSR_INSN) || !iss_csr_of(bits, &csr))
		return;
	iss_hart_csr_read(hart_.get(), csr, &value);
	vcxl_trace_emit(config_.trace, VCXL_TRACE_CSR_INSN, name(), pc, csr, value);
}

} // namespace vcxl
