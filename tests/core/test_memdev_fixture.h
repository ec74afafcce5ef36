/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memory device under test and the few steps that every driver takes: walk capability lists, map
 * the register blocks, commit a decoder, ring the doorbell. Offsets are literals of the
 * specification or found as software finds them, never the device's own constants.
 */
#ifndef VCXL_TEST_MEMDEV_FIXTURE_H
#define VCXL_TEST_MEMDEV_FIXTURE_H

#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <vector>

#include <vcxl/memdev.h>

namespace vcxl_test
{

constexpr uint64_t mib = 1024 * 1024;
constexpr uint64_t gib = 1024 * mib;
constexpr uint64_t window = 16 * gib; /* where decoders of the tests begin */

/* Address space without memory until it is touched; partitions are large. */
class lazy_bytes
{
public:
	explicit lazy_bytes(uint64_t size) : size_(size)
	{
		void *p = mmap(nullptr, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		bytes_ = p == MAP_FAILED ? nullptr : static_cast<uint8_t *>(p);
	}
	~lazy_bytes()
	{
		if (bytes_)
			munmap(bytes_, size_);
	}
	lazy_bytes(const lazy_bytes &) = delete;
	lazy_bytes &operator=(const lazy_bytes &) = delete;
	uint8_t *data() const { return bytes_; }
	uint64_t size() const { return size_; }

private:
	uint64_t size_;
	uint8_t *bytes_;
};

struct range {
	uint64_t base, size;
	bool operator==(const range &o) const { return base == o.base && size == o.size; }
};

struct reply {
	unsigned rc;
	std::vector<uint8_t> out;
};

struct options {
	uint64_t volatile_size = 512 * mib;
	uint64_t persistent_size = 512 * mib;
	uint64_t lsa_size = 0x20000;
	unsigned mailbox_log2 = 0;
	unsigned n_decoders = 0;
	unsigned event_log_depth = 0;
	vcxl_dc_config dc = {};
	uint64_t partitionable_size = 0;
	std::vector<uint8_t> *state = nullptr; /* of more than one device, one after the other */
};

/* A device on which no command is unsupported: partitions that move, and label storage. */
inline options every_command()
{
	options o;

	o.partitionable_size = 256 * mib;
	return o;
}

class device
{
public:
	explicit device(const options &o = {})
	    : volatile_bytes(o.volatile_size ? o.volatile_size : 1),
	      persistent_bytes(o.persistent_size ? o.persistent_size : 1), lsa_bytes(o.lsa_size),
	      partitionable_bytes(o.partitionable_size ? o.partitionable_size : 1)
	{
		vcxl_memdev_config config = {};
		config.name = "mem0";
		config.serial = 0x123456789abcdef0;
		config.link.speed = 5;
		config.link.width = 16;
		config.mailbox_log2 = static_cast<uint8_t>(o.mailbox_log2);
		config.n_decoders = static_cast<uint8_t>(o.n_decoders);
		config.event_log_depth = static_cast<uint16_t>(o.event_log_depth);
		config.media[VCXL_PARTITION_VOLATILE].size = o.volatile_size;
		config.media[VCXL_PARTITION_VOLATILE].direct = volatile_bytes.data();
		config.media[VCXL_PARTITION_VOLATILE].ctx = &volatile_flushes;
		config.media[VCXL_PARTITION_VOLATILE].flush = record_flush;
		config.media[VCXL_PARTITION_PERSISTENT].size = o.persistent_size;
		config.media[VCXL_PARTITION_PERSISTENT].direct = persistent_bytes.data();
		config.media[VCXL_PARTITION_PERSISTENT].ctx = &media_flushes;
		config.media[VCXL_PARTITION_PERSISTENT].flush = record_flush;
		config.dc = o.dc;
		config.partitionable.size = o.partitionable_size;
		config.partitionable.direct = partitionable_bytes.data();
		config.partitionable.ctx = &partitionable_flushes;
		config.partitionable.flush = record_flush;
		if (o.state) {
			config.state.size = o.state->size();
			config.state.direct = o.state->data();
			config.state.ctx = &state_flushes;
			config.state.flush = record_flush;
		}
		config.lsa.size = o.lsa_size;
		config.lsa.direct = lsa_bytes.data();
		config.lsa.ctx = &lsa_flushes;
		config.lsa.flush = record_flush;
		vcxl_memdev_ops ops = {};
		ops.ctx = this;
		ops.dmi_invalidate = [](void *ctx, uint64_t hpa, uint64_t size) {
			static_cast<device *>(ctx)->invalidated.push_back({ hpa, size });
		};
		ops.deadline_changed = [](void *ctx) {
			auto *self = static_cast<device *>(ctx);
			self->deadlines.push_back(vcxl_memdev_deadline_ps(self->md));
		};
		ops.irq.ctx = this;
		ops.irq.msi = [](void *ctx, uint64_t hpa, uint32_t data) {
			static_cast<device *>(ctx)->messages.push_back({ hpa, data });
		};
		trace.ctx = this;
		trace.emit = [](void *ctx, const vcxl_trace_event *event) {
			static_cast<device *>(ctx)->events.push_back(*event);
		};
		ops.trace = &trace;
		status = vcxl_memdev_create(&config, &ops, &md);
	}
	~device() { vcxl_memdev_destroy(md); }
	device(const device &) = delete;
	device &operator=(const device &) = delete;

	uint64_t read(vcxl_space space, uint32_t offset, unsigned width)
	{
		uint64_t value = 0;
		EXPECT_EQ(vcxl_memdev_reg_read(md, space, offset, width, &value), VCXL_OK)
			<< "space " << space << " offset " << std::hex << offset;
		return value;
	}
	void write(vcxl_space space, uint32_t offset, unsigned width, uint64_t value)
	{
		EXPECT_EQ(vcxl_memdev_reg_write(md, space, offset, width, value), VCXL_OK)
			<< "space " << space << " offset " << std::hex << offset;
	}
	uint32_t config(uint32_t offset, unsigned width = 4)
	{
		return static_cast<uint32_t>(read(VCXL_SPACE_CONFIG, offset, width));
	}

	/* PCIe r6.0 7.5.1.1.11: offset of a legacy capability, 0: absent */
	uint32_t find_capability(unsigned id)
	{
		for (uint32_t at = config(0x34, 1); at; at = config(at + 1, 1))
			if (config(at, 1) == id)
				return at;
		return 0;
	}
	/* PCIe r6.0 7.6.3 */
	uint32_t find_extended(unsigned id)
	{
		for (uint32_t at = 0x100; at; at = config(at) >> 20)
			if ((config(at) & 0xffff) == id)
				return at;
		return 0;
	}
	/* CXL r3.1 8.1.1: vendor 1e98h */
	uint32_t find_dvsec(unsigned id)
	{
		for (uint32_t at = 0x100; at; at = config(at) >> 20)
			if ((config(at) & 0xffff) == 0x23 && (config(at + 4) & 0xffff) == 0x1e98 &&
			    config(at + 8, 2) == id)
				return at;
		return 0;
	}
	/* CXL r3.1 8.2.4: offset in the component block, 0: absent */
	uint32_t find_component(unsigned id)
	{
		const uint64_t header = read(VCXL_SPACE_COMPONENT, 0x1000, 4);
		for (unsigned i = 1; i <= header >> 24; i++) {
			const uint64_t entry = read(VCXL_SPACE_COMPONENT, 0x1000 + 4 * i, 4);
			if ((entry & 0xffff) == id)
				return static_cast<uint32_t>(0x1000 + (entry >> 20));
		}
		return 0;
	}
	/* CXL r3.1 8.2.8.1; length in *length when given */
	uint32_t find_device(unsigned id, uint32_t *length = nullptr)
	{
		const uint64_t n = read(VCXL_SPACE_DEVICE, 0, 8) >> 32 & 0xffff;
		for (uint32_t at = 0x10; at <= 0x10 * n; at += 0x10) {
			if ((read(VCXL_SPACE_DEVICE, at, 4) & 0xffff) != id)
				continue;
			if (length)
				*length = static_cast<uint32_t>(read(VCXL_SPACE_DEVICE, at + 8, 4));
			return static_cast<uint32_t>(read(VCXL_SPACE_DEVICE, at + 4, 4));
		}
		return 0;
	}

	/* DVSEC 0 Control bit 2, Global Control bit 1 */
	void mem_enable(bool on)
	{
		write(VCXL_SPACE_CONFIG, find_dvsec(0) + 0xc, 2, on ? 0x6 : 0x2);
	}
	void hdm_enable(bool on)
	{
		write(VCXL_SPACE_COMPONENT, find_component(5) + 4, 4, on ? 2 : 0);
	}
	void enable()
	{
		hdm_enable(true);
		mem_enable(true);
	}
	uint32_t decoder(unsigned n) { return find_component(5) + 0x10 + 0x20 * n; }
	uint64_t decoder_control(unsigned n)
	{
		return read(VCXL_SPACE_COMPONENT, decoder(n) + 0x10, 4);
	}
	/* Programs decoder n in the order of Linux and asks for commit; the Control register after.
	 */
	uint64_t commit(unsigned n, uint64_t base, uint64_t size, unsigned eiw = 0,
			unsigned eig = 0, uint64_t skip = 0)
	{
		const uint32_t at = decoder(n);
		const uint64_t fields[][2] = { { 0x04, base >> 32 }, { 0x00, base },
					       { 0x0c, size >> 32 }, { 0x08, size },
					       { 0x18, skip >> 32 }, { 0x14, skip } };
		for (const auto &field : fields)
			write(VCXL_SPACE_COMPONENT, at + static_cast<uint32_t>(field[0]), 4,
			      field[1] & 0xffffffff);
		write(VCXL_SPACE_COMPONENT, at + 0x10, 4, 0x1200 | eiw << 4 | eig);
		return decoder_control(n);
	}
	void uncommit(unsigned n)
	{
		write(VCXL_SPACE_COMPONENT, decoder(n) + 0x10, 4, decoder_control(n) & ~0x200ull);
	}

	vcxl_status access(uint64_t hpa, void *data, uint32_t len, bool is_write,
			   vcxl_xfer *out = nullptr)
	{
		vcxl_xfer xfer = {};
		xfer.data = data;
		xfer.len = len;
		xfer.write = is_write;
		const vcxl_status s = vcxl_memdev_access(md, hpa, &xfer);
		if (out)
			*out = xfer;
		return s;
	}
	vcxl_status load(uint64_t hpa, uint64_t *value = nullptr)
	{
		uint64_t word = 0;
		const vcxl_status s = access(hpa, &word, 8, false);
		if (value)
			*value = word;
		return s;
	}
	vcxl_status store(uint64_t hpa, uint64_t value) { return access(hpa, &value, 8, true); }
	uint64_t dpa(uint64_t hpa)
	{
		uint64_t value = ~0ull;
		EXPECT_EQ(vcxl_memdev_hpa_to_dpa(md, hpa, &value), VCXL_OK);
		return value;
	}

	/* CXL r3.1 8.2.8.4: a command as a driver sends it, through the registers. */
	reply command(uint16_t opcode, const std::vector<uint8_t> &in = {})
	{
		const uint32_t mb = find_device(2);
		for (uint32_t i = 0; i < in.size(); i++)
			write(VCXL_SPACE_DEVICE, mb + 0x20 + i, 1, in[i]);
		return ring(opcode, static_cast<uint32_t>(in.size()));
	}
	/* The same with the payload as it is and any length. */
	reply ring(uint16_t opcode, uint32_t in_len)
	{
		const uint32_t mb = find_device(2);
		write(VCXL_SPACE_DEVICE, mb + 8, 8, opcode | static_cast<uint64_t>(in_len) << 16);
		write(VCXL_SPACE_DEVICE, mb + 4, 4, read(VCXL_SPACE_DEVICE, mb + 4, 4) | 1);
		EXPECT_EQ(read(VCXL_SPACE_DEVICE, mb + 4, 4) & 1, 0u) << "doorbell is clear";
		reply r;
		r.rc = static_cast<unsigned>(read(VCXL_SPACE_DEVICE, mb + 0x10, 8) >> 32 & 0xffff);
		const uint64_t len = read(VCXL_SPACE_DEVICE, mb + 8, 8) >> 16 & 0x1fffff;
		for (uint32_t i = 0; i < len; i++)
			r.out.push_back(
				static_cast<uint8_t>(read(VCXL_SPACE_DEVICE, mb + 0x20 + i, 1)));
		return r;
	}
	/* MSI-X: vector v goes to (0xfee00000 + 16 v, v); bus master and MSI-X enable are set. */
	void enable_msix()
	{
		const uint32_t cap = find_capability(0x11);
		write(VCXL_SPACE_CONFIG, 4, 2, 0x6);
		write(VCXL_SPACE_CONFIG, cap + 2, 2, 0x8000);
		for (uint32_t v = 0; v < 8; v++) {
			write(VCXL_SPACE_MSIX, 16 * v, 4, 0xfee00000 + 16 * v);
			write(VCXL_SPACE_MSIX, 16 * v + 4, 4, 0);
			write(VCXL_SPACE_MSIX, 16 * v + 8, 4, v);
			write(VCXL_SPACE_MSIX, 16 * v + 12, 4, 0);
		}
	}

	static enum vcxl_status record_flush(void *ctx, uint64_t offset, uint64_t len)
	{
		static_cast<std::vector<range> *>(ctx)->push_back({ offset, len });
		return VCXL_OK;
	}

	lazy_bytes volatile_bytes, persistent_bytes, lsa_bytes, partitionable_bytes;
	std::vector<range> volatile_flushes, media_flushes, lsa_flushes, invalidated;
	std::vector<range> partitionable_flushes, state_flushes;
	std::vector<range> messages; /* address, data */
	std::vector<uint64_t> deadlines;
	std::vector<vcxl_trace_event> events;
	vcxl_trace trace = {};
	vcxl_status status = VCXL_E_CONFIG;
	vcxl_memdev *md = nullptr;
};

inline uint64_t le(const std::vector<uint8_t> &data, size_t offset, unsigned width)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < width; i++)
		value |= static_cast<uint64_t>(data.at(offset + i)) << (8 * i);
	return value;
}

/* Little-endian bytes of (value, width) pairs. */
inline std::vector<uint8_t> bytes_of(std::initializer_list<std::pair<uint64_t, unsigned>> fields)
{
	std::vector<uint8_t> data;
	for (const auto &field : fields)
		for (unsigned i = 0; i < field.second; i++)
			data.push_back(static_cast<uint8_t>(field.first >> (8 * i)));
	return data;
}

} /* namespace vcxl_test */

#endif
