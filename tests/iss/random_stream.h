// SPDX-License-Identifier: Apache-2.0
//
// Random programs that reach all groups of instructions and stay alive: most words are rows of the
// instruction table with operands that make sense, some are arbitrary. They load and store data,
// a device, their own code and their own page tables, take traps and interrupts, change modes, and
// run with paging on and off. What they compute means nothing; it has to be the same everywhere.
#ifndef RANDOM_STREAM_H
#define RANDOM_STREAM_H

#include <random>
#include <vector>

#include "decode.h"
#include "iss_test.h"

namespace iss_test
{

// Where things are. Paged streams see RAM at alias_va, too.
constexpr std::uint64_t code_pa = ram_base;             // four pages
constexpr std::uint64_t handler_pa = ram_base + 0x8000; // M-mode trap handler
constexpr std::uint64_t data_pa = ram_base + 0x10000;
constexpr std::uint64_t tables_pa = ram_base + 0x20000; // root, level 1, level 0
constexpr std::uint64_t alias_va = 0x40000000;
constexpr std::uint64_t alias_size = 0x200000; // 512 leaves
constexpr std::size_t code_size = 0x4000;
constexpr unsigned alias_leaf = 300; // of its page at the other address, in aliased streams

// Registers: data in 5..7 and 10..15, bases in 8, 9, 16..19, the handler's own 26..31.
class random_stream
{
public:
	// Aliased: they also store to and jump to their code by another physical address.
	explicit random_stream(std::uint64_t seed, bool aliased = false)
	    : random_(seed), aliased_(aliased)
	{
		linear_ = aliased && random_() % 2;
		while (code_.size() < code_size / 2)
			emit();
		paged_ = random_() % 2;
		budget_mask_ = (1u << (1 + random_() % 10)) - 1;
	}

	// The same start for every machine.
	void load(machine &m) const
	{
		m.poke16(code_pa, code_);
		m.poke(handler_pa, handler());
		for (unsigned i = 0; i < 512; i++)
			m.write<std::uint64_t>(data_pa + 8 * i, data_word(i));
		if (paged_)
			map(m);
		if (paged_ && aliased_)
			m.write(tables_pa + 0x2000 + 8 * alias_leaf,
				(other_address(m) & ~0xfffull) >> 2 | 0xcf);
		m.set_csr(0x305, handler_pa);         // mtvec
		m.set_csr(0x3b0, UINT64_MAX);         // pmpaddr0: everything,
		m.set_csr(0x3a0, 0x1f);               // RWX for all
		m.set_csr(0x306, 7);                  // mcounteren
		m.set_csr(0x106, 7);                  // scounteren
		m.set_csr(0x30a, 0x80000000000000d0); // menvcfg: Sstc, Zicboz, Zicbom
		m.set_csr(0x10a, 0xd0);
		m.set_csr(0x300, paged_ ? 0x6888 : 0x7888); // FS, MPP, MPIE, MIE
		m.set_csr(0x304, 0x88);                     // mie: MSIP, MTIP
		set_registers(m);
	}
	std::uint64_t next_budget() { return random_() & budget_mask_; }
	bool paged() const { return paged_; }

private:
	static std::uint64_t data_word(unsigned i)
	{
		static const std::uint64_t special[] = {
			0,
			UINT64_MAX,
			0x3ff0000000000000,
			0xffffffff3f800000,
			0x7ff0000000000000,
			0x7ff8000000000000,
			0x7ff0000000000001,
			0xffffffff7f800001,
			1,
			0x8000000000000000,
			0x4024000000000000,
			0xffffffff7f7fffff,
			0x0010000000000000,
		};
		const std::uint64_t mixed = i * 0x9e3779b97f4a7c15;

		return i % 3 ? special[i % (sizeof(special) / sizeof(special[0]))] : mixed;
	}

	std::uint64_t other_address(const machine &m) const
	{
		return linear_ ? m.linear(code_pa + 0x800) : same_base + 0x800;
	}

	void set_registers(machine &m) const
	{
		const std::uint64_t delta = paged_ ? alias_va - ram_base : 0;

		for (unsigned i = 1; i < 32; i++) {
			m.set_x(i, data_word(i));
			m.set_f(i, data_word(i + 40));
		}
		m.set_x(8, data_pa + delta);
		m.set_x(9, data_pa + delta + 0x100);
		if (aliased_)
			m.set_x(9,
				paged_ ? alias_va + 0x1000 * alias_leaf + other_address(m) % 0x1000
				       : other_address(m));
		m.set_x(16, data_pa + delta + 0x800);
		m.set_x(17, code_pa + delta + 0x800);
		m.set_x(18, paged_ ? alias_va + 0x1ff800 : device_base + 0x800);
		m.set_x(19, tables_pa + delta + 0x2000 + 0x100);
		m.set_x(27, device_base);
		m.set_x(28, UINT64_MAX);
		m.set_x(29, code_pa + delta);
		m.set_pc(paged_ ? handler_pa + 0x100 : code_pa);
		m.set_csr(0x341, code_pa + delta);
	}

	// Sv39: alias_va to RAM page by page, its last page to the device, one of them read-only
	static void map(machine &m)
	{
		const auto pointer = [](std::uint64_t pa) { return pa >> 2 | 1; };

		m.write(tables_pa + 8 * (alias_va >> 30), pointer(tables_pa + 0x1000));
		m.write(tables_pa + 0x1000, pointer(tables_pa + 0x2000));
		for (unsigned i = 0; i < 512; i++) {
			const std::uint64_t pa = ram_base + (i % 256) * 0x1000ull;
			const std::uint64_t flags = i == 40 ? 0x43 : i % 7 == 6 ? 0x0f : 0xcf;

			m.write(tables_pa + 0x2000 + 8 * i, pa >> 2 | flags);
		}
		m.write(tables_pa + 0x2000 + 8 * 511, device_base >> 2 | 0xc7);
		m.set_csr(0x180, 8ull << 60 | tables_pa >> 12);
	}

	// Interrupts: silence all sources. Exceptions: go on behind, or at the start of the code.
	static std::vector<std::uint32_t> handler()
	{
		std::vector<std::uint32_t> words = {
			csrrs(30, 0x342, 0),         // mcause
			branch(0x4063, 30, 0, 36),   // bltz: interrupt
			rri(0x7013, 30, 30, 3),      // fetch faults 0, 1, 12; others that
			branch(0x4063, 0, 30, 16),   // end in 01, 10 or 11 go on
			csrrw(0, 0x341, 29),         // mepc = start of the code
			mret,                        //
			nop,                         //
			csrrs(31, 0x341, 0),         //
			addi(31, 31, 4),             //
			csrrw(0, 0x341, 31),         //
			mret,                        //
			store(0x3023, 0, 27, 0x7f8), // interrupt: the device lowers MSIP
			csrrw(0, 0x14d, 28),         // stimecmp = never
			0x34405073,                  // mip = 0
			mret,
		};

		words[1] = branch(0x4063, 30, 0, 40);
		while (words.size() < 0x40)
			words.push_back(nop);
		words.push_back(mret); // where paged streams start: drops to S-mode
		return words;
	}

	unsigned pick(std::initializer_list<unsigned> from)
	{
		return from.begin()[random_() % from.size()];
	}
	unsigned code_reg() { return aliased_ && random_() % 2 ? 9 : 17; }
	unsigned data_reg() { return pick({ 5, 6, 7, 10, 11, 12, 13, 14, 15, 0 }); }

	std::uint32_t csr()
	{
		return pick({ 0x001, 0x002, 0x003, 0x100, 0x104,
			      0x140, 0x141, 0x142, 0x144, 0x14d,
			      0x180, 0x300, 0x304, 0x340, 0x341,
			      0x342, 0x343, 0x344, 0xb00, 0xb02,
			      0xc00, 0xc01, 0xc02, 0x320, 0x3b1,
			      0x3a0, 0x303, 0x302, 0x30a, static_cast<unsigned>(random_() % 4096) });
	}

	void emit32(std::uint32_t bits)
	{
		code_.push_back(static_cast<std::uint16_t>(bits));
		code_.push_back(static_cast<std::uint16_t>(bits >> 16));
	}

	// imm of a branch or jump: a few instructions on or back
	int distance() { return static_cast<int>(random_() % 64) * 2 - 40; }

	void emit_row()
	{
		const iss_insn &row = iss_insns[1 + random_() % (ISS_N_OPS - 1)];
		const auto noise = static_cast<std::uint32_t>(random_());
		const std::uint32_t major = row.match & 0x7f;
		std::uint32_t bits = row.match | (noise & ~row.mask);
		const auto put = [&](unsigned shift, std::uint32_t mask, std::uint32_t value) {
			const std::uint32_t where = (mask << shift) & ~row.mask;

			bits = (bits & ~where) | ((value << shift) & where);
		};

		put(7, 31, data_reg());
		put(20, 31, data_reg());
		if (major == 0x03 || major == 0x07 || major == 0x0f || major == 0x23 ||
		    major == 0x27 || major == 0x2f) { // memory
			if (major == 0x23 || major == 0x27)
				put(7, 31, noise & 24);
			put(15, 31, pick({ 8, 9, 16, 16, 17, 18, 19 }));
			if (major != 0x23 && major != 0x27 && major != 0x2f)
				put(20, 0xfff, noise >> 20 & 0x7f8);
			if (major == 0x2f)
				put(15, 31, pick({ 8, 9, 16, 16, 16, 17 }));
		} else if (major == 0x63) {
			bits = branch(row.match, data_reg(), data_reg(), distance());
		} else if (major == 0x6f) {
			bits = jal(data_reg(), distance());
		} else if (major == 0x67) {
			bits = rri(row.match, data_reg(), code_reg(),
				   static_cast<int>(noise % 2048) & ~1);
		} else if (major == 0x73 && (row.match & 0x7000)) {
			put(20, 0xfff, csr());
			put(15, 31, random_() % 2 ? data_reg() : 0);
		} else if ((major & 0x63) == 0x43 && random_() % 4) {
			put(12, 7, 7); // the dynamic rounding mode
			put(15, 31, noise % 8);
			put(20, 31, noise / 8 % 8);
			put(7, 31, noise / 64 % 8);
		}
		emit32(bits);
	}

	// A load of an instruction that exists, stored over another one near by.
	void emit_self_modification()
	{
		const int from = static_cast<int>(random_() % 1000) * 2 - 1000;
		const int to = static_cast<int>(random_() % 1000) * 2 - 1000;

		emit32(rri(0x2003, 7, 17, from));
		emit32(store(0x2023, 7, code_reg(), to));
		if (random_() % 4 == 0)
			emit32(0x0000100f); // fence.i
	}

	// Loads or stores side by side, up or down, as of stack frames and copies.
	void emit_side_by_side()
	{
		const bool load = random_() % 2;
		const int step = random_() % 2 ? 8 : -8;
		const unsigned base = pick({ 8, 9, 16, 16, 17, 18, 19 });
		int at = 64 + static_cast<int>(random_() % 0xe0) * 8 + (random_() % 16 ? 0 : 4);

		for (auto left = 2 + random_() % 4; left; left--, at += step) {
			const unsigned reg = random_() % 16 ? data_reg() : base;

			emit32(load ? rri(0x3003, reg, base, at) : store(0x3023, reg, base, at));
		}
	}

	void emit()
	{
		switch (random_() % 32) {
		case 0:
			emit32(static_cast<std::uint32_t>(random_())); // anything
			break;
		case 1:
		case 2:
		case 3:
			code_.push_back(static_cast<std::uint16_t>(random_()));
			break;
		case 4:
			emit_self_modification();
			break;
		case 5:
		case 6:
		case 7:
			if (aliased_)
				emit_self_modification();
			else
				emit_row();
			break;
		case 8:
			emit_side_by_side();
			break;
		default:
			emit_row();
			break;
		}
	}

	std::mt19937_64 random_;
	std::vector<std::uint16_t> code_;
	std::uint64_t budget_mask_ = 0;
	bool paged_ = false, aliased_, linear_;
};

} // namespace iss_test

#endif
