// SPDX-License-Identifier: Apache-2.0
//
// Dynamic capacity of two devices that share a pool of memory: commands of hosts and of the fabric
// manager with ranges that are nearly right or not at all, requests, backends that come and go,
// resets. Extents stay whole blocks of their region and disjoint, the list of the host is those
// that were accepted, and exactly they can be read.
#include <memory>
#include <vector>

#include <vcxl/memdev.h>

#include "input.h"

using namespace fuzz;

namespace
{

constexpr std::uint64_t unit = 4096, n_units = 16, hpa = 1ull << 36;
constexpr std::uint64_t region_stride = 256ull << 20;
constexpr unsigned n_regions = 3, n_tags = 4, max_extents = 12;

void put(std::vector<std::uint8_t> &to, std::uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::vector<std::uint8_t> tag_of(unsigned n)
{
	return std::vector<std::uint8_t>(16, static_cast<std::uint8_t>(n % (n_tags + 1)));
}

class device
{
public:
	explicit device(vcxl_dc_pool *pool) : memory_(n_regions * n_units * unit)
	{
		vcxl_memdev_config c{};
		vcxl_media media{};

		media.size = memory_.size();
		media.direct = memory_.data();
		c.serial = 1;
		c.mailbox_log2 = 9;
		c.dc.n_regions = n_regions;
		c.dc.max_extents = max_extents;
		c.dc.log_depth = 20;
		c.dc.pool = pool;
		for (unsigned i = 0; i < n_regions; i++) {
			c.dc.regions[i].len = n_units * unit;
			c.dc.regions[i].block_size = unit;
			c.dc.regions[i].shareable = i != 0;
			c.dc.regions[i].sanitize = i == 1;
			c.dc.regions[i].media = i < 2 ? &media : nullptr;
			c.dc.regions[i].media_offset = i * n_units * unit;
		}
		expect(vcxl_memdev_create(&c, nullptr, &md_) == VCXL_OK, "there is a device");
		map();
	}
	~device() { vcxl_memdev_destroy(md_); }
	device(const device &) = delete;
	device &operator=(const device &) = delete;

	vcxl_memdev *get() const { return md_; }
	void host(std::uint16_t opcode, const std::vector<std::uint8_t> &in)
	{
		std::uint8_t out[512];
		std::uint32_t len = 0;

		vcxl_memdev_command(md_, opcode, in.data(), static_cast<std::uint32_t>(in.size()),
				    out, &len);
		expect(len <= sizeof(out), "the answer fits");
	}
	void manager(std::uint16_t opcode, const std::vector<std::uint8_t> &in, std::uint32_t max)
	{
		std::vector<std::uint8_t> out(max);
		std::uint32_t len = 0;

		vcxl_memdev_fm_command(md_, opcode, in.data(),
				       static_cast<std::uint32_t>(in.size()), out.data(), max,
				       &len);
		expect(len <= max, "the answer fits");
	}
	// Reads some records and clears them, as hosts do.
	void read_log()
	{
		const std::uint8_t log = 4;
		std::uint8_t out[512];
		std::uint32_t len = 0;
		std::vector<std::uint8_t> in = { log, 0, 0, 0, 0, 0 };

		expect(vcxl_memdev_command(md_, 0x0100, &log, 1, out, &len) == CXL_RC_SUCCESS,
		       "the log can be read");
		in[2] = out[0x14];
		for (std::size_t i = 0; i < out[0x14]; i++) {
			in.push_back(out[0x20 + 0x80 * i + 0x14]);
			in.push_back(out[0x20 + 0x80 * i + 0x15]);
		}
		host(0x0101, in);
	}
	void reset(unsigned kind)
	{
		vcxl_memdev_reset(md_, static_cast<vcxl_reset>(kind % 3));
		map();
	}

	// ---- what has to hold ----

	void check() const
	{
		vcxl_dc_extent e;
		std::uint64_t end = 0;
		unsigned n = 0, accepted = 0;

		for (; vcxl_dc_extent_at(md_, n, &e); n++) {
			vcxl_dc_region_info r;

			expect(vcxl_dc_region_at(md_, e.region, &r), "an extent has a region");
			expect(e.dpa >= end && e.len, "extents are disjoint");
			expect(e.dpa >= r.base && e.dpa + e.len <= r.base + r.len &&
				       e.dpa % r.block_size == 0 && e.len % r.block_size == 0,
			       "an extent is whole blocks of its region");
			check_bytes(end, e.dpa, false);
			check_bytes(e.dpa, e.dpa + e.len, e.accepted);
			end = e.dpa + e.len;
			accepted += e.accepted;
		}
		check_bytes(end, n_regions * region_stride, false);
		expect(n <= max_extents, "there are no more extents than may be");
		expect(accepted == listed(), "the host's list is what was accepted");
	}

private:
	unsigned listed() const
	{
		const std::uint8_t in[8] = { 0 };
		std::uint8_t out[512];
		std::uint32_t len = 0;

		expect(vcxl_memdev_command(md_, 0x4801, in, 8, out, &len) == CXL_RC_SUCCESS,
		       "the list can be read");
		return out[4];
	}
	bool all_accepted(std::uint64_t begin, std::uint64_t end) const
	{
		vcxl_dc_extent e;

		for (unsigned n = 0; begin < end && vcxl_dc_extent_at(md_, n, &e); n++)
			if (e.accepted && e.dpa <= begin && begin < e.dpa + e.len)
				begin = e.dpa + e.len;
		return begin >= end;
	}
	// Looks at the units of [begin, end) that are capacity.
	void check_bytes(std::uint64_t begin, std::uint64_t end, bool backed) const
	{
		for (unsigned i = 0; i < n_regions; i++)
			for (unsigned k = 0; k < n_units; k++) {
				const std::uint64_t dpa = i * region_stride + k * unit;
				vcxl_xfer xfer{};
				std::uint8_t byte;
				vcxl_dmi dmi;

				if (dpa + unit <= begin || dpa >= end)
					continue;
				xfer.data = &byte;
				xfer.len = 1;
				const std::uint64_t at = hpa + (dpa > begin ? dpa : begin);
				expect((vcxl_memdev_access(md_, at, &xfer) == VCXL_OK) == backed,
				       "what was accepted is backed, and nothing else");
				if (vcxl_memdev_dmi(md_, at, &dmi))
					expect(backed && all_accepted(dmi.hpa - hpa,
								      dmi.hpa - hpa + dmi.size),
					       "direct memory ends with what was accepted");
			}
	}
	std::uint32_t find(vcxl_space space, std::uint32_t from, std::uint64_t id) const
	{
		std::uint64_t value = 0, second = 0;

		for (std::uint32_t at = from; at;) {
			vcxl_memdev_reg_read(md_, space, at, 4, &value);
			if (space == VCXL_SPACE_COMPONENT) {
				if ((value & 0xffff) == id)
					return static_cast<std::uint32_t>(0x1000 + (value >> 20));
				at += 4;
				continue;
			}
			vcxl_memdev_reg_read(md_, space, at + 8, 2, &second);
			if ((value & 0xffff) == 0x23 && second == id)
				return at;
			at = static_cast<std::uint32_t>(value >> 20);
		}
		return 0;
	}
	// A decoder for each region.
	void map()
	{
		const std::uint32_t hdm = find(VCXL_SPACE_COMPONENT, 0x1004, 5);
		const std::uint32_t dvsec = find(VCXL_SPACE_CONFIG, 0x100, 0);
		const auto write = [&](std::uint32_t at, std::uint64_t value) {
			vcxl_memdev_reg_write(md_, VCXL_SPACE_COMPONENT, at, 4, value);
		};

		for (std::uint32_t i = 0; i < n_regions; i++) {
			const std::uint32_t at = hdm + 0x10 + 0x20 * i;

			write(at, (hpa + i * region_stride) & 0xffffffff);
			write(at + 4, hpa >> 32);
			write(at + 8, region_stride);
			write(at + 0x10, 0x1200);
		}
		write(hdm + 4, 2);
		vcxl_memdev_reg_write(md_, VCXL_SPACE_CONFIG, dvsec + 0xc, 2, 6);
	}

	std::vector<std::uint8_t> memory_;
	vcxl_memdev *md_ = nullptr;
};

struct span {
	std::uint64_t dpa, len;
};

// Nearly always whole units of a region; sometimes anything.
span some_span(input &in)
{
	const unsigned where = in.byte(), how = in.byte();
	span s = { where / n_units % n_regions * region_stride + where % n_units * unit,
		   (how % n_units + 1) * unit };

	if (how >= 0xf0)
		s.dpa += in.number(8);
	if (how >= 0xf8)
		s.len = in.number(8);
	return s;
}

std::vector<std::uint8_t> answer(input &in)
{
	const unsigned n = in.byte() % 6;
	std::vector<std::uint8_t> out;

	put(out, in.byte() == 0xff ? in.number(4) : n, 4);
	put(out, in.byte() & 1, 4);
	for (unsigned i = 0; i < n; i++) {
		const span s = some_span(in);

		put(out, s.dpa, 8);
		put(out, s.len, 8);
		put(out, 0, 8);
	}
	return out;
}

std::vector<std::uint8_t> manager_request(input &in)
{
	const unsigned n = in.byte() % 5;
	std::vector<std::uint8_t> out;

	put(out, in.byte() == 0xff, 2);
	put(out, in.byte() % 0x40, 1);
	put(out, in.byte() % (n_regions + 1), 1);
	put(out, (in.byte() % 20) * unit, 8);
	for (std::uint8_t b : tag_of(in.byte()))
		out.push_back(b);
	put(out, in.byte() == 0xff ? in.number(4) : n, 4);
	for (unsigned i = 0; i < n; i++) {
		const span s = some_span(in);

		put(out, s.dpa, 8);
		put(out, s.len, 8);
		out.insert(out.end(), 16, 0); // its tag is that of the request
		put(out, in.byte() % 8 ? i : in.byte(), 8);
	}
	return out;
}

void request(device &d, input &in)
{
	std::vector<vcxl_dc_range> ranges;
	vcxl_dc_add_request add{};
	vcxl_dc_release_request release{};
	const unsigned what = in.byte();

	for (unsigned n = in.byte() % 5; n; n--) {
		const span s = some_span(in);

		ranges.push_back({ s.dpa % region_stride, s.len });
	}
	add.region = release.region = in.byte() % (n_regions + 1);
	add.selection = static_cast<vcxl_dc_selection>(what % (VCXL_N_DC_SELECTIONS + 1));
	add.len = (in.byte() % 20) * unit;
	release.removal = static_cast<vcxl_dc_removal>(what % (VCXL_N_DC_REMOVALS + 1));
	release.forced = what & 0x10;
	release.sanitize = what & 0x20;
	add.ranges = release.ranges = ranges.data();
	add.n_ranges = release.n_ranges = static_cast<unsigned>(ranges.size());
	const std::vector<std::uint8_t> tag = tag_of(in.byte());
	for (unsigned i = 0; i < 16; i++)
		add.tag[i] = release.tag[i] = tag[i];
	if (what & 0x80)
		vcxl_dc_release(d.get(), &release);
	else
		vcxl_dc_add(d.get(), &add);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	input in(data, size);
	vcxl_dc_pool *pool = nullptr;
	std::vector<std::vector<std::uint8_t>> lent;

	expect(vcxl_dc_pool_create(n_tags - 1, &pool) == VCXL_OK, "there is a pool");
	for (unsigned i = 0; i <= n_tags; i++)
		lent.emplace_back((i + 1) * unit);
	{ // the pool outlives them
		const std::unique_ptr<device> devices[] = { std::make_unique<device>(pool),
							    std::make_unique<device>(pool) };

		while (in.more()) {
			const unsigned what = in.byte();
			device &d = *devices[what >> 7];
			vcxl_media media{};

			switch (what % 12) {
			case 0:
			case 1:
				d.host(0x4802, answer(in));
				break;
			case 2:
				d.host(0x4803, answer(in));
				break;
			case 3:
				d.host(static_cast<std::uint16_t>(0x4800 + in.byte() % 4),
				       in.bytes(in.byte()));
				break;
			case 4:
			case 5:
				d.manager(static_cast<std::uint16_t>(0x5604 + in.byte() % 2),
					  manager_request(in), 0x1000);
				break;
			case 6:
				d.manager(static_cast<std::uint16_t>(0x5600 + in.byte() % 9),
					  in.bytes(in.byte() % 64), in.byte() * 16u);
				break;
			case 7:
				d.manager(static_cast<std::uint16_t>(0x5606 + in.byte() % 2),
					  tag_of(in.byte()), 16);
				break;
			case 8:
				request(d, in);
				break;
			case 9:
				media.size = lent[in.byte() % (n_tags + 1)].size();
				media.direct = lent[media.size / unit - 1].data();
				vcxl_dc_pool_attach(pool, tag_of(in.byte()).data(), &media);
				break;
			case 10:
				vcxl_dc_pool_detach(pool, tag_of(in.byte()).data());
				break;
			default:
				if (const unsigned n = in.byte(); n % 8)
					d.read_log();
				else
					d.reset(n / 8);
			}
			d.check();
		}
	}
	vcxl_dc_pool_destroy(pool);
	return 0;
}
