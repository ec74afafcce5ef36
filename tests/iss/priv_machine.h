/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hart without instructions for the tests of the privileged architecture: 1 MiB of memory at
 * 0x80000000, a device page at 0x10000000 that logs accesses, and helpers that do single accesses
 * and CSR instructions and tell which exception they ended in.
 */
#ifndef VCXL_TESTS_ISS_PRIV_MACHINE_H
#define VCXL_TESTS_ISS_PRIV_MACHINE_H

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "mem.h"

namespace priv
{

constexpr uint64_t ram_base = 0x80000000;
constexpr uint64_t ram_size = 0x100000;
constexpr uint64_t device_base = 0x10000000;

struct device_access {
	uint64_t pa;
	unsigned len;
	iss_access kind;
	bool operator==(const device_access &o) const
	{
		return pa == o.pa && len == o.len && kind == o.kind;
	}
};

struct outcome {
	int cause = -1; /* -1: no trap */
	uint64_t tval = 0;
	uint64_t value = 0;
};

class machine
{
public:
	explicit machine(bool imsic = true)
	{
		hart->config.hart_id = 0;
		hart->config.imsic = imsic;
		hart->ops.ctx = this;
		hart->ops.access = on_access;
		hart->ops.dmi = on_dmi;
		hart->ops.time = [](void *ctx) { return self(ctx).now; };
		hart->ops.cbo = [](void *ctx, uint64_t pa, iss_cbo op) {
			self(ctx).cbos.emplace_back(pa, op);
			return self(ctx).cbo_answer;
		};
		hart->ops.timer_changed = [](void *ctx) { self(ctx).timer_changes++; };
		iss_trap_reset(hart.get());
	}

	iss_hart *h() { return hart.get(); }

	void set_priv(iss_priv priv)
	{
		hart->priv = priv;
		iss_update_contexts(h());
	}

	/* PMP entry 15: all memory to everybody, as firmware does that wants no protection. */
	void open_pmp()
	{
		must_write(0x3bf, UINT64_MAX);
		must_write(0x3a2, 0x1full << 56);
	}

	void must_write(unsigned csr, uint64_t value)
	{
		ASSERT_TRUE(iss_hart_csr_write(h(), csr, value)) << std::hex << csr;
	}

	uint64_t csr(unsigned number)
	{
		uint64_t value = 0;

		EXPECT_TRUE(iss_hart_csr_read(h(), number, &value)) << std::hex << number;
		return value;
	}

	/* CSR instructions at the hart's privilege; false: illegal instruction */
	bool csrr(unsigned number, uint64_t *value = nullptr)
	{
		uint64_t old;

		return iss_csr_rmw(h(), number, ISS_CSR_SET, 0, true, false, value ? value : &old);
	}
	bool csrw(unsigned number, uint64_t value)
	{
		uint64_t old;

		return iss_csr_rmw(h(), number, ISS_CSR_WRITE, value, false, true, &old);
	}
	bool csrs(unsigned number, uint64_t bits)
	{
		uint64_t old;

		return iss_csr_rmw(h(), number, ISS_CSR_SET, bits, false, true, &old);
	}
	bool csrc(unsigned number, uint64_t bits)
	{
		uint64_t old;

		return iss_csr_rmw(h(), number, ISS_CSR_CLEAR, bits, false, true, &old);
	}

	/* One operation; a trap is reported and the hart put back to where it was before. */
	outcome attempt(const std::function<void(outcome &)> &operation)
	{
		const iss_priv priv = hart->priv;
		const uint64_t mstatus = hart->mstatus;
		outcome o;

		hart->trapped = false;
		operation(o);
		if (hart->trapped) {
			const bool to_m = hart->priv == ISS_PRIV_M;

			o.cause = static_cast<int>(to_m ? hart->mcause : hart->scause);
			o.tval = to_m ? hart->mtval : hart->stval;
			hart->trapped = false;
			hart->mstatus = mstatus;
			set_priv(priv);
		}
		return o;
	}

	outcome load(uint64_t va, unsigned size = 8)
	{
		return attempt([&](outcome &o) { iss_load(h(), va, size, &o.value); });
	}
	outcome store(uint64_t va, uint64_t value = 0, unsigned size = 8)
	{
		return attempt([&](outcome &) { iss_store(h(), va, size, value); });
	}
	outcome fetch(uint64_t va)
	{
		return attempt([&](outcome &o) {
			uint32_t bits = 0;

			iss_fetch_insn(h(), va, &bits);
			o.value = bits;
		});
	}

	uint64_t peek(uint64_t pa) const
	{
		uint64_t value;

		std::memcpy(&value, &ram.at(pa - ram_base), sizeof(value));
		return value;
	}
	void poke(uint64_t pa, uint64_t value)
	{
		std::memcpy(&ram.at(pa - ram_base), &value, sizeof(value));
	}

	/* Replaces one 4 KiB-or-larger leaf of a tree rooted at ram_base; tables are made there. */
	void map(uint64_t va, uint64_t pa, uint64_t flags, unsigned level = 0, unsigned levels = 3)
	{
		uint64_t table = ram_base;

		for (unsigned i = levels - 1; i > level; i--) {
			const uint64_t slot = table + 8 * ((va >> (12 + 9 * i)) & 511);

			if (!(peek(slot) & 1)) {
				poke(slot, (next_table >> 2) | 1);
				next_table += 0x1000;
			}
			table = (peek(slot) >> 10) << 12;
		}
		leaf_slot = table + 8 * ((va >> (12 + 9 * level)) & 511);
		poke(leaf_slot, (pa >> 2) | flags);
	}
	void paging(unsigned mode = 8)
	{
		must_write(0x180, static_cast<uint64_t>(mode) << 60 | ram_base >> 12);
	}
	/* as machine-mode software would */
	void sfence() { sfence(false, 0); }
	void sfence(uint64_t va) { sfence(true, va); }

	std::vector<uint8_t> ram = std::vector<uint8_t>(ram_size);
	std::vector<device_access> log;
	std::vector<std::pair<uint64_t, iss_cbo>> cbos;
	uint64_t device_value = 0x1122334455667788;
	uint64_t now = 0;
	uint64_t leaf_slot = 0; /* of the last map() */
	int timer_changes = 0;
	int dmi_requests = 0;
	bool cbo_answer = true;
	bool dmi_enabled = true;

private:
	void sfence(bool has_va, uint64_t va)
	{
		const iss_priv priv = hart->priv;

		set_priv(ISS_PRIV_M);
		iss_op_sfence(h(), 0, has_va, va, false, 0);
		set_priv(priv);
	}

	static machine &self(void *ctx) { return *static_cast<machine *>(ctx); }

	static bool on_access(void *ctx, uint64_t pa, void *data, unsigned len, iss_access kind)
	{
		machine &m = self(ctx);
		const bool is_ram = vcxl_range_inside(pa, len, ram_base, ram_size);

		EXPECT_TRUE(len == 1 || len == 2 || len == 4 || len == 8);
		EXPECT_EQ(pa % len, 0u) << "pieces are naturally aligned";
		if (!is_ram) {
			if (!vcxl_range_inside(pa, len, device_base, 0x1000))
				return false;
			m.log.push_back({ pa, len, kind });
			if (kind != ISS_STORE)
				std::memcpy(data, &m.device_value, len);
			return true;
		}
		if (kind == ISS_STORE)
			std::memcpy(&m.ram[pa - ram_base], data, len);
		else
			std::memcpy(data, &m.ram[pa - ram_base], len);
		return true;
	}

	static bool on_dmi(void *ctx, uint64_t pa, iss_dmi *out)
	{
		machine &m = self(ctx);

		m.dmi_requests++;
		EXPECT_EQ(pa % 4096, 0u);
		if (!m.dmi_enabled || !vcxl_range_inside(pa, 4096, ram_base, ram_size))
			return false;
		*out = { ram_base, ram_size, m.ram.data(), true, true, nullptr, 0, 0, 0, {} };
		return true;
	}

	std::unique_ptr<iss_hart> hart{ new iss_hart() };
	uint64_t next_table = ram_base + 0x1000;
};

/* PTE flags as the specification numbers them */
enum : uint64_t {
	V = 1 << 0,
	R = 1 << 1,
	W = 1 << 2,
	X = 1 << 3,
	U = 1 << 4,
	G = 1 << 5,
	A = 1 << 6,
	D = 1 << 7
};

constexpr uint64_t page_pa = ram_base + 0x40000; /* clear of the page tables */
constexpr uint64_t MPRV = 1 << 17, SUM = 1 << 18, MXR = 1 << 19;
constexpr uint64_t PBMTE = 1ull << 62, ADUE = 1ull << 61, N = 1ull << 63;

/* A machine in S-mode, PMP open, Sv39 or Sv48 on. */
class paged : public machine
{
public:
	explicit paged(unsigned mode = 8)
	{
		open_pmp();
		paging(mode);
		set_priv(ISS_PRIV_S);
	}
	void status(uint64_t bits)
	{
		must_write(0x300, bits);
		iss_update_contexts(h());
	}
};

} // namespace priv

#endif
