// SPDX-License-Identifier: Apache-2.0
//
// A hart with one MiB of memory and a small device, for the tests of the ISS. Knows iss.h only.
// Instructions are encoded from literals of the RISC-V instruction set listings by the helpers
// below, not from the tables of the ISS.
#ifndef ISS_TEST_H
#define ISS_TEST_H

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include "iss.h"

namespace iss_test
{

constexpr std::uint64_t ram_base = 0x80000000;
constexpr std::uint64_t ram_size = 0x100000;
constexpr std::uint64_t device_base = 0x10000000; // 4 KiB, no DMI
constexpr std::uint64_t device_size = 0x1000;
constexpr std::uint64_t same_base = 0xa0000000;   // RAM once more
constexpr std::uint64_t linear_base = 0xc0000000; // its bytes as they lie on the host

// How RAM is dealt out: granules go to the ways in turn, each way is contiguous on the host. `fold`
// other than 0: each bit that a factor 2 of the ways adds to a granule's number is first added,
// without carry, to that `fold` bits above it.
struct layout {
	unsigned ways = 1;
	std::uint64_t granule = 4096;
	unsigned fold = 0;

	std::uint64_t factor_2() const { return ways & ~(ways - 1); }
	std::uint64_t turn_of(std::uint64_t n) const
	{
		return fold ? n ^ (n >> fold & (factor_2() - 1)) : n;
	}
	vcxl_xor arithmetic() const
	{
		vcxl_xor maps{};

		for (std::uint64_t bit = granule; fold && bit < granule * factor_2(); bit *= 2)
			maps.map[maps.n++] = bit | bit << fold;
		return maps;
	}
};
constexpr std::uint64_t dealt_size = 0x180000; // a multiple of all periods

// Instruction words: the match value of the listing with its operands.
constexpr std::uint32_t rrr(std::uint32_t match, unsigned rd, unsigned rs1, unsigned rs2)
{
	return match | rd << 7 | rs1 << 15 | rs2 << 20;
}

constexpr std::uint32_t rri(std::uint32_t match, unsigned rd, unsigned rs1, int imm)
{
	return match | rd << 7 | rs1 << 15 | static_cast<std::uint32_t>(imm) << 20;
}

constexpr std::uint32_t store(std::uint32_t match, unsigned rs2, unsigned rs1, int imm)
{
	const auto i = static_cast<std::uint32_t>(imm);

	return match | (i & 0x1f) << 7 | rs1 << 15 | rs2 << 20 | (i >> 5 & 0x7f) << 25;
}

constexpr std::uint32_t branch(std::uint32_t match, unsigned rs1, unsigned rs2, int offset)
{
	const auto i = static_cast<std::uint32_t>(offset);

	return match | (i >> 11 & 1) << 7 | (i >> 1 & 0xf) << 8 | rs1 << 15 | rs2 << 20 |
	       (i >> 5 & 0x3f) << 25 | (i >> 12 & 1) << 31;
}

constexpr std::uint32_t jal(unsigned rd, int offset)
{
	const auto i = static_cast<std::uint32_t>(offset);

	return 0x6f | rd << 7 | (i >> 12 & 0xff) << 12 | (i >> 11 & 1) << 20 |
	       (i >> 1 & 0x3ff) << 21 | (i >> 20 & 1) << 31;
}

constexpr std::uint32_t addi(unsigned rd, unsigned rs1, int imm)
{
	return rri(0x13, rd, rs1, imm);
}

constexpr std::uint32_t csrrw(unsigned rd, unsigned csr, unsigned rs1)
{
	return 0x1073 | rd << 7 | rs1 << 15 | csr << 20;
}

constexpr std::uint32_t csrrs(unsigned rd, unsigned csr, unsigned rs1)
{
	return 0x2073 | rd << 7 | rs1 << 15 | csr << 20;
}

constexpr std::uint32_t nop = 0x00000013;
constexpr std::uint32_t ecall = 0x00000073;
constexpr std::uint32_t mret = 0x30200073;
constexpr std::uint32_t sret = 0x10200073;
constexpr std::uint32_t wfi = 0x10500073;
constexpr std::uint32_t jump_to_self = 0x0000006f;

// The engine under test: the same tests run once for each, VCXL_ENGINE=step chooses the other.
inline iss_engine default_engine()
{
	const char *name = std::getenv("VCXL_ENGINE");

	return name && std::strcmp(name, "step") == 0 ? ISS_ENGINE_STEP : ISS_ENGINE_BLOCK;
}

class machine
{
public:
	explicit machine(bool imsic = false, iss_engine engine = default_engine(),
			 std::uint64_t size = ram_size, const layout &how = layout())
	    : layout_(how), ram_(size), device_(device_size)
	{
		iss_config config{};
		iss_ops ops{};

		config.engine = engine;
		config.reset_pc = ram_base;
		config.imsic = imsic;
		ops.ctx = this;
		ops.access = access;
		ops.dmi = dmi;
		ops.time = time;
		ops.cbo = cbo;
		ops.timer_changed = timer_changed;
		hart_ = iss_hart_create(&config, &ops);
		if (!hart_)
			throw std::bad_alloc();
	}
	~machine() { iss_hart_destroy(hart_); }
	machine(const machine &) = delete;
	machine &operator=(const machine &) = delete;

	iss_hart *hart() const { return hart_; }

	// Puts code at pa and tells the hart.
	void poke(std::uint64_t pa, const std::vector<std::uint32_t> &words)
	{
		poke_silently(pa, words);
		iss_hart_code_written(hart_, pa, words.size() * 4);
	}
	// As a device or another hart would.
	void poke_silently(std::uint64_t pa, const std::vector<std::uint32_t> &words)
	{
		put(pa, words.data(), words.size() * 4);
	}
	void poke16(std::uint64_t pa, const std::vector<std::uint16_t> &halves)
	{
		put(pa, halves.data(), halves.size() * 2);
		iss_hart_code_written(hart_, pa, halves.size() * 2);
	}
	template <class T> void write(std::uint64_t pa, T value) { put(pa, &value, sizeof(value)); }
	template <class T> T read(std::uint64_t pa)
	{
		T value;

		get(pa, &value, sizeof(value));
		return value;
	}

	std::uint64_t x(unsigned n) const { return iss_hart_reg(hart_, n); }
	void set_x(unsigned n, std::uint64_t value) { iss_hart_set_reg(hart_, n, value); }
	std::uint64_t f(unsigned n) const { return iss_hart_reg(hart_, 33 + n); }
	void set_f(unsigned n, std::uint64_t value) { iss_hart_set_reg(hart_, 33 + n, value); }
	std::uint64_t pc() const { return iss_hart_reg(hart_, 32); }
	void set_pc(std::uint64_t value) { iss_hart_set_reg(hart_, 32, value); }
	std::uint64_t csr(unsigned number) const
	{
		std::uint64_t value = 0;

		if (!iss_hart_csr_read(hart_, number, &value))
			throw std::invalid_argument("no such CSR");
		return value;
	}
	void set_csr(unsigned number, std::uint64_t value)
	{
		if (!iss_hart_csr_write(hart_, number, value))
			throw std::invalid_argument("no such CSR, or read-only");
	}

	std::vector<std::uint8_t> &ram() { return ram_; }
	// Where a byte of RAM is at linear_base.
	std::uint64_t linear(std::uint64_t pa) const { return linear_base + dealt(pa - ram_base); }

	std::uint64_t run(std::uint64_t steps) { return iss_hart_run(hart_, steps, &why); }
	// Puts the program at the start of memory and runs one step for each of its words.
	void execute(const std::vector<std::uint32_t> &program)
	{
		poke(ram_base, program);
		set_pc(ram_base);
		run(program.size());
	}

	struct access_record {
		std::uint64_t pa;
		unsigned len;
		iss_access kind;
		std::uint64_t value; // stored
		std::uint64_t steps; // done in this run at that moment
	};

	enum iss_stop why = ISS_STOP_BUDGET;
	std::uint64_t now = 0;               // mtime
	bool time_flows = false;             // mtime counts the steps of a run, too
	bool grant_dmi = true;               // whether memory is granted as host memory
	bool refuse_access = false;          // whether all accesses fail
	std::vector<access_record> accesses; // that came through ops.access
	bool keep_accesses = true;
	std::function<void()> on_access; // called in each of them
	std::vector<std::pair<std::uint64_t, iss_cbo>> cbos;
	unsigned timer_changes = 0;

private:
	// Place in ram_ of an offset in RAM.
	std::uint64_t dealt(std::uint64_t at) const
	{
		const std::uint64_t n = layout_.turn_of(at / layout_.granule);

		return n % layout_.ways * (ram_.size() / layout_.ways) +
		       n / layout_.ways * layout_.granule + at % layout_.granule;
	}

	// nullptr: there is nothing.
	std::uint8_t *byte(std::uint64_t pa)
	{
		for (const std::uint64_t base : { ram_base, same_base })
			if (pa - base < ram_.size())
				return ram_.data() + dealt(pa - base);
		if (pa - linear_base < ram_.size())
			return ram_.data() + (pa - linear_base);
		return pa - device_base < device_size ? device_.data() + (pa - device_base)
						      : nullptr;
	}

	std::uint8_t *host(std::uint64_t pa)
	{
		std::uint8_t *at = byte(pa);

		return at ? at : throw std::out_of_range("address in no memory");
	}

	// Calls copy(host, offset, len) for the contiguous pieces of a range.
	template <class F> void pieces(std::uint64_t pa, std::uint64_t len, F copy)
	{
		for (std::uint64_t done = 0; done < len;) {
			const std::uint64_t n = std::min(
				len - done, layout_.granule - (pa + done) % layout_.granule);

			host(pa + done + n - 1);
			copy(host(pa + done), done, n);
			done += n;
		}
	}
	void put(std::uint64_t pa, const void *from, std::uint64_t len)
	{
		pieces(pa, len, [from](std::uint8_t *at, std::uint64_t done, std::uint64_t n) {
			std::memcpy(at, static_cast<const char *>(from) + done, n);
		});
	}
	void get(std::uint64_t pa, void *to, std::uint64_t len)
	{
		pieces(pa, len, [to](const std::uint8_t *at, std::uint64_t done, std::uint64_t n) {
			std::memcpy(static_cast<char *>(to) + done, at, n);
		});
	}

	static bool access(void *ctx, std::uint64_t pa, void *data, unsigned len, iss_access kind)
	{
		auto *self = static_cast<machine *>(ctx);
		access_record record{ pa, len, kind, 0, iss_hart_steps_run(self->hart_) };

		if (self->refuse_access || !self->byte(pa) || !self->byte(pa + len - 1))
			return false;
		if (kind == ISS_STORE) {
			std::memcpy(&record.value, data, len);
			self->put(pa, data, len);
		} else {
			self->get(pa, data, len);
		}
		if (self->keep_accesses)
			self->accesses.push_back(record);
		if (self->on_access)
			self->on_access();
		return true;
	}

	static bool dmi(void *ctx, std::uint64_t pa, iss_dmi *out)
	{
		auto *self = static_cast<machine *>(ctx);

		if (!self->grant_dmi)
			return false;
		for (const std::uint64_t base : { ram_base, same_base, linear_base }) {
			if (pa - base >= self->ram_.size())
				continue;
			*out = { base,
				 self->ram_.size(),
				 self->ram_.data(),
				 true,
				 true,
				 nullptr,
				 0,
				 0,
				 0,
				 {} };
			if (self->layout_.ways > 1 && base != linear_base)
				self->deal(*out);
			return true;
		}
		return false;
	}

	void deal(iss_dmi &out)
	{
		slots_.clear();
		for (unsigned i = 0; i < layout_.ways; i++)
			slots_.push_back(ram_.data() + i * (ram_.size() / layout_.ways));
		out.slots = slots_.data();
		out.n_slots = layout_.ways;
		out.granule = out.stride = layout_.granule;
		out.arithmetic = layout_.arithmetic();
	}

	static std::uint64_t time(void *ctx)
	{
		auto *self = static_cast<machine *>(ctx);

		return self->now + (self->time_flows ? iss_hart_steps_run(self->hart_) : 0);
	}

	static bool cbo(void *ctx, std::uint64_t pa, iss_cbo op)
	{
		static_cast<machine *>(ctx)->cbos.emplace_back(pa, op);
		return true;
	}

	static void timer_changed(void *ctx) { static_cast<machine *>(ctx)->timer_changes++; }

	layout layout_;
	std::vector<std::uint8_t> ram_, device_;
	std::vector<std::uint8_t *> slots_;
	iss_hart *hart_;
};

} // namespace iss_test

#endif
