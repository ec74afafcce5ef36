// SPDX-License-Identifier: Apache-2.0
//
// Core objects for tests: owned ports and memory devices, media that remember the last access
// instead of storing bytes, and register access in the words of the specification.
#ifndef VCXL_TESTS_CORE_OBJECTS_H
#define VCXL_TESTS_CORE_OBJECTS_H

#include <cstring>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <vcxl/memdev.h>
#include <vcxl/port.h>

namespace test
{

constexpr std::uint64_t MiB = 0x100000;
constexpr std::uint64_t GiB = 0x40000000;
constexpr std::uint64_t unit = 256 * MiB;

// What happened to a memory device last, seen from its media.
struct media_access {
	unsigned device = ~0u, partition = ~0u;
	std::uint64_t offset = 0, data = 0;
	bool write = false;
};

struct interval {
	std::uint64_t hpa, size;
	bool operator==(const interval &o) const { return hpa == o.hpa && size == o.size; }
};

struct message {
	std::uint64_t hpa;
	std::uint32_t data;
	bool operator==(const message &o) const { return hpa == o.hpa && data == o.data; }
};

// An error message that went up a link.
struct upward {
	vcxl_error_message kind;
	std::uint16_t requester;
	bool operator==(const upward &o) const
	{
		return kind == o.kind && requester == o.requester;
	}
};

// What an object told its owner.
struct told {
	std::vector<interval> withdrawn;
	std::vector<message> messages;
	std::vector<upward> errors;
	vcxl_port *above = nullptr; // gets the errors
};

inline void on_dmi_invalidate(void *ctx, std::uint64_t hpa, std::uint64_t size)
{
	static_cast<told *>(ctx)->withdrawn.push_back({ hpa, size });
}

inline void on_msi(void *ctx, std::uint64_t hpa, std::uint32_t data)
{
	static_cast<told *>(ctx)->messages.push_back({ hpa, data });
}

inline void on_error(void *ctx, vcxl_error_message kind, std::uint16_t requester)
{
	told *const t = static_cast<told *>(ctx);

	t->errors.push_back({ kind, requester });
	if (t->above)
		vcxl_port_error_message(t->above, kind, requester);
}

class port
{
public:
	explicit port(const vcxl_port_config &config)
	{
		vcxl_port_ops ops{};
		ops.ctx = &told_;
		ops.dmi_invalidate = on_dmi_invalidate;
		ops.irq = { &told_, on_msi, on_error };
		EXPECT_EQ(vcxl_port_create(&config, &ops, &port_), VCXL_OK);
	}
	~port() { vcxl_port_destroy(port_); }
	port(const port &) = delete;
	port &operator=(const port &) = delete;

	vcxl_port *get() const { return port_; }
	told &said() { return told_; }
	vcxl_pci *pci() const { return vcxl_port_pci(port_); }
	std::uint32_t read(vcxl_space space, std::uint32_t offset, unsigned width = 4) const
	{
		std::uint64_t value = 0;
		EXPECT_EQ(vcxl_port_reg_read(port_, space, offset, width, &value), VCXL_OK);
		return static_cast<std::uint32_t>(value);
	}
	void write(vcxl_space space, std::uint32_t offset, std::uint64_t value, unsigned width = 4)
	{
		EXPECT_EQ(vcxl_port_reg_write(port_, space, offset, width, value), VCXL_OK);
	}

private:
	vcxl_port *port_ = nullptr;
	told told_;
};

inline vcxl_port_config port_config(vcxl_port_kind kind, std::uint8_t number = 0)
{
	vcxl_port_config c{};
	c.kind = kind;
	c.name = "port";
	c.port_number = number;
	c.hdm = kind == VCXL_PORT_HOST_BRIDGE;
	c.n_decoders = kind == VCXL_PORT_HOST_BRIDGE || kind == VCXL_PORT_UPSTREAM ? 10 : 0;
	c.link = { 5, 16, false };
	return c;
}

class memdev
{
public:
	memdev(std::uint64_t volatile_size, std::uint64_t persistent_size, unsigned device = 0,
	       media_access *log = nullptr)
	    : log_(log ? log : &own_log_)
	{
		vcxl_memdev_config c{};
		c.name = "mem";
		c.serial = 0x1122334455667788;
		c.link = { 5, 16, false };
		const std::uint64_t sizes[] = { volatile_size, persistent_size };
		for (unsigned p = 0; p < 2; p++) {
			media_[p] = { log_, device, p };
			c.media[p].size = sizes[p];
			c.media[p].ctx = &media_[p];
			c.media[p].read = media_read;
			c.media[p].write = media_write;
		}
		vcxl_memdev_ops ops{};
		ops.ctx = &told_;
		ops.dmi_invalidate = on_dmi_invalidate;
		ops.irq = { &told_, on_msi, on_error };
		EXPECT_EQ(vcxl_memdev_create(&c, &ops, &memdev_), VCXL_OK);
	}
	~memdev() { vcxl_memdev_destroy(memdev_); }
	memdev(const memdev &) = delete;
	memdev &operator=(const memdev &) = delete;

	vcxl_memdev *get() const { return memdev_; }
	told &said() { return told_; }
	const media_access &last() const { return *log_; }
	vcxl_pci *pci() const { return vcxl_memdev_pci(memdev_); }
	std::uint32_t read(vcxl_space space, std::uint32_t offset, unsigned width = 4) const
	{
		std::uint64_t value = 0;
		EXPECT_EQ(vcxl_memdev_reg_read(memdev_, space, offset, width, &value), VCXL_OK);
		return static_cast<std::uint32_t>(value);
	}
	void write(vcxl_space space, std::uint32_t offset, std::uint64_t value, unsigned width = 4)
	{
		EXPECT_EQ(vcxl_memdev_reg_write(memdev_, space, offset, width, value), VCXL_OK);
	}

private:
	struct medium {
		media_access *log;
		unsigned device, partition;
	};
	static vcxl_status media_read(void *ctx, std::uint64_t offset, void *dst, std::uint32_t len)
	{
		const medium *m = static_cast<medium *>(ctx);
		*m->log = { m->device, m->partition, offset, 0, false };
		std::memset(dst, 0, len);
		return VCXL_OK;
	}
	static vcxl_status media_write(void *ctx, std::uint64_t offset, const void *src,
				       std::uint32_t len)
	{
		const medium *m = static_cast<medium *>(ctx);
		*m->log = { m->device, m->partition, offset, 0, true };
		std::memcpy(&m->log->data, src, len < 8 ? len : 8);
		return VCXL_OK;
	}

	media_access own_log_;
	media_access *log_;
	medium media_[2];
	vcxl_memdev *memdev_ = nullptr;
	told told_;
};

// The HDM decoder registers of a port or memory device, CXL r3.1 8.2.4.20.
template <class T> class decoders
{
public:
	explicit decoders(T &of) : of_(of)
	{
		const std::uint32_t entries = get(0x1000) >> 24;
		for (std::uint32_t e = 1; e <= entries; e++)
			if ((get(0x1000 + 4 * e) & 0xffff) == 5)
				base_ = 0x1000 + (get(0x1000 + 4 * e) >> 20);
	}
	bool present() const { return base_ != 0; }
	std::uint32_t base() const { return base_; }
	std::uint32_t get(std::uint32_t offset) const
	{
		return of_.read(VCXL_SPACE_COMPONENT, offset);
	}
	void set(std::uint32_t offset, std::uint32_t value)
	{
		of_.write(VCXL_SPACE_COMPONENT, offset, value);
	}
	std::uint32_t reg(unsigned n, std::uint32_t r) const { return get(base_ + r + 0x20 * n); }
	void reg(unsigned n, std::uint32_t r, std::uint32_t v) { set(base_ + r + 0x20 * n, v); }
	void range(unsigned n, std::uint64_t hpa, std::uint64_t size)
	{
		reg(n, 0x14, static_cast<std::uint32_t>(hpa >> 32));
		reg(n, 0x10, static_cast<std::uint32_t>(hpa));
		reg(n, 0x1c, static_cast<std::uint32_t>(size >> 32));
		reg(n, 0x18, static_cast<std::uint32_t>(size));
	}
	void skip(unsigned n, std::uint64_t bytes)
	{
		reg(n, 0x24, static_cast<std::uint32_t>(bytes));
		reg(n, 0x28, static_cast<std::uint32_t>(bytes >> 32));
	}
	void targets(unsigned n, std::uint64_t list) { skip(n, list); }
	// Writes Control with Commit; the result is bits 11:10 of Control.
	void control(unsigned n, std::uint32_t value) { reg(n, 0x20, value); }
	std::uint32_t commit(unsigned n, std::uint32_t eiw = 0, std::uint32_t eig = 0,
			     std::uint32_t more = 0)
	{
		control(n, eig | eiw << 4 | 1u << 9 | more);
		return reg(n, 0x20) & 0xc00;
	}
	void enable() { set(base_ + 4, 2); }

private:
	T &of_;
	std::uint32_t base_ = 0;
};

constexpr std::uint32_t committed = 0x400, refused = 0x800;
constexpr std::uint32_t lock_on_commit = 0x100;

// Mem_Enable of the CXL device DVSEC, CXL r3.1 8.1.3.2.
inline void enable_memory(memdev &m, bool on = true)
{
	const std::uint32_t dvsec = vcxl_pci_find_dvsec(m.pci(), 0);
	ASSERT_NE(dvsec, 0u);
	m.write(VCXL_SPACE_CONFIG, dvsec + 0xc, on ? 4 : 0, 2);
}

} // namespace test

#endif
