/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data object exchange and CDAT of memory devices and switches, read as a driver reads them. PCIe
 * r6.0 6.30, 7.9.24; CXL r3.1 8.1.11; CDAT 1.04.
 */
#include <functional>

#include "core_objects.h"
#include "test_memdev_fixture.h"

using namespace vcxl_test;
using dwords = std::vector<uint32_t>;

namespace
{

constexpr uint32_t go = 0x80000000, ready = 0x80000000, error = 4;
constexpr uint32_t discovery = 0x00000001, cdat = 0x00021e98;

/* The DOE of a function, found as software finds it. */
class doe
{
public:
	explicit doe(device &d)
	    : read_([&d](uint32_t at) { return d.config(at); }),
	      write_([&d](uint32_t at, uint32_t v) { d.write(VCXL_SPACE_CONFIG, at, 4, v); })
	{
		find();
	}
	explicit doe(test::port &p)
	    : read_([&p](uint32_t at) { return p.read(VCXL_SPACE_CONFIG, at); }),
	      write_([&p](uint32_t at, uint32_t v) { p.write(VCXL_SPACE_CONFIG, at, v); })
	{
		find();
	}
	bool present() const { return at_ != 0; }
	uint32_t reg(uint32_t offset) const { return read_(at_ + offset); }
	void reg(uint32_t offset, uint32_t value) { write_(at_ + offset, value); }
	uint32_t status() const { return reg(0xc); }
	void send(const dwords &object)
	{
		for (uint32_t dword : object)
			reg(0x10, dword);
		reg(8, go);
	}
	dwords receive()
	{
		dwords object;
		while (status() & ready) {
			object.push_back(reg(0x14));
			reg(0x14, 0);
		}
		return object;
	}
	dwords exchange(const dwords &object)
	{
		send(object);
		return receive();
	}
	dwords table_entry(uint32_t handle) { return exchange({ cdat, 3, handle << 16 }); }
	/* The whole table as Linux reads it: header, then one handle after the other. */
	std::vector<uint8_t> table()
	{
		std::vector<uint8_t> bytes;
		uint32_t handle = 0;
		do {
			const dwords r = table_entry(handle);
			if (r.size() < 4 || r[0] != cdat || r[1] != r.size()) {
				ADD_FAILURE() << "response to handle " << handle;
				break;
			}
			if (handle) {
				EXPECT_EQ(r[3] >> 16, (r.size() - 3) * 4) << "length field";
			}
			for (size_t i = 3; i < r.size(); i++)
				for (unsigned b = 0; b < 32; b += 8)
					bytes.push_back(static_cast<uint8_t>(r[i] >> b));
			EXPECT_EQ(r[2] & 0xffff, 0u);
			handle = r[2] >> 16;
		} while (handle != 0xffff);
		return bytes;
	}

private:
	void find()
	{
		for (uint32_t at = 0x100; at; at = read_(at) >> 20)
			if ((read_(at) & 0xfffff) == 0x1002e)
				at_ = at;
	}
	std::function<uint32_t(uint32_t)> read_;
	std::function<void(uint32_t, uint32_t)> write_;
	uint32_t at_ = 0;
};

unsigned sum(const std::vector<uint8_t> &bytes)
{
	unsigned s = 0;
	for (uint8_t b : bytes)
		s += b;
	return s & 0xff;
}

/* base unit x entry of the DSLBIS at `at` */
uint64_t dslbis(const std::vector<uint8_t> &t, size_t at)
{
	return le(t, at + 8, 8) * le(t, at + 16, 2);
}

} /* namespace */

/* ---- mailbox ---- */

TEST(doe, has_interrupt_support_with_message_0_and_is_idle)
{
	device d;
	doe m(d);

	ASSERT_TRUE(m.present());
	EXPECT_EQ(m.reg(4), 1u);
	EXPECT_EQ(m.reg(8), 0u);
	EXPECT_EQ(m.status(), 0u);
	EXPECT_EQ(m.reg(0x14), 0u);
}

TEST(doe, discovery_lists_itself_and_table_access)
{
	device d;
	doe m(d);

	EXPECT_EQ(m.exchange({ discovery, 3, 0 }), (dwords{ discovery, 3, 0x01000001 }));
	EXPECT_EQ(m.exchange({ discovery, 3, 1 }), (dwords{ discovery, 3, 0x00021e98 }));
	EXPECT_EQ(m.exchange({ discovery, 3, 2 }), (dwords{ discovery, 3, 0x0000ffff }));
	EXPECT_EQ(m.exchange({ discovery, 3, 255 }), (dwords{ discovery, 3, 0x0000ffff }));
}

TEST(doe, reading_takes_nothing_until_something_is_written)
{
	device d;
	doe m(d);

	m.send({ discovery, 3, 0 });
	EXPECT_EQ(m.status(), ready);
	EXPECT_EQ(m.reg(0x14), discovery);
	EXPECT_EQ(m.reg(0x14), discovery);
	EXPECT_EQ(m.receive().size(), 3u);
	EXPECT_EQ(m.reg(0x14), 0u) << "behind the end";
	m.reg(0x14, 0);
	EXPECT_EQ(m.status(), 0u);
}

TEST(doe, case_34_an_object_with_a_wrong_length_or_protocol_is_an_error)
{
	const dwords wrong[] = { {},
				 { discovery },
				 { discovery, 1 },
				 { discovery, 2 },
				 { discovery, 3 },
				 { discovery, 0, 0 },
				 { discovery, 2, 0 },
				 { discovery, 4, 0 },
				 { discovery, 4, 0, 0 },
				 { discovery, 3, 0, 0 },
				 { discovery, 3, 0, 0, 0, 0, 0, 0 },
				 { cdat, 0, 0 },
				 { cdat + 0x10000, 3, 0 },
				 { 0, 3, 0 },
				 { 0x00001e98, 3, 0 } };
	device d;
	doe m(d);

	for (const dwords &object : wrong) {
		m.send(object);
		EXPECT_EQ(m.status(), error) << "not busy, no object";
		m.send({ discovery, 3, 0 });
		EXPECT_EQ(m.status(), error) << "until abort";
		m.reg(8, 1);
		EXPECT_EQ(m.status(), 0u);
		EXPECT_EQ(m.exchange({ discovery, 3, 0 }).size(), 3u) << "works again";
	}
}

TEST(doe, abort_forgets_request_and_response)
{
	device d;
	doe m(d);

	m.reg(0x10, 0xdeadbeef);
	m.reg(8, 1);
	EXPECT_EQ(m.reg(8), 0u) << "write-only";
	EXPECT_EQ(m.exchange({ discovery, 3, 0 }).size(), 3u);
	m.send({ discovery, 3, 0 });
	m.reg(8, 1);
	EXPECT_EQ(m.status(), 0u);
	EXPECT_EQ(m.reg(0x14), 0u);
}

TEST(doe, an_object_sent_before_the_answer_was_read_is_discarded)
{
	device d;
	doe m(d);

	m.send({ discovery, 3, 0 });
	m.send({ discovery, 3, 1 });
	EXPECT_EQ(m.receive(), (dwords{ discovery, 3, 0x01000001 }));
	EXPECT_EQ(m.status(), 0u);
	EXPECT_EQ(m.exchange({ discovery, 3, 1 }), (dwords{ discovery, 3, 0x00021e98 }));
}

TEST(doe, interrupt_goes_to_vector_0_once_until_its_status_is_cleared)
{
	device d;
	doe m(d);

	d.enable_msix();
	m.exchange({ discovery, 3, 0 });
	EXPECT_TRUE(d.messages.empty()) << "not enabled";
	m.reg(8, 2);
	for (uint32_t dword : dwords{ discovery, 3, 0 })
		m.reg(0x10, dword);
	m.reg(8, go | 2);
	EXPECT_EQ(m.reg(8), 2u);
	EXPECT_EQ(m.status(), ready | 2);
	EXPECT_EQ(d.messages, (std::vector<range>{ { 0xfee00000, 0 } }));
	m.receive();
	m.reg(8, go | 2); /* no object: error */
	EXPECT_EQ(d.messages.size(), 1u);
	m.reg(0xc, 2);
	EXPECT_EQ(m.status(), error);
	m.reg(8, 1 | 2);
	m.reg(8, go | 2);
	EXPECT_EQ(m.status(), error | 2);
	EXPECT_EQ(d.messages.size(), 2u) << "errors are told too";
}

TEST(doe, any_reset_empties_it)
{
	device d;
	doe m(d);

	for (vcxl_reset kind :
	     { VCXL_RESET_COLD, VCXL_RESET_HOT, VCXL_RESET_CXL, VCXL_RESET_FLR }) {
		m.send({ discovery, 3, 0 });
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(m.status(), 0u);
		m.send({});
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(m.status(), 0u);
		m.reg(0x10, 7);
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(m.exchange({ discovery, 3, 0 }).size(), 3u);
	}
}

/* ---- table access ---- */

TEST(cdat, case_33_a_handle_beyond_the_end_is_an_error)
{
	device d;
	doe m(d);

	EXPECT_EQ(m.table_entry(12)[2] >> 16, 0xffffu) << "the last";
	for (uint32_t handle : { 13u, 14u, 0x1000u, 0xffffu }) {
		m.send({ cdat, 3, handle << 16 });
		EXPECT_EQ(m.status(), error) << handle;
		m.reg(8, 1);
	}
}

TEST(cdat, another_request_code_or_table_type_is_an_error)
{
	device d;
	doe m(d);

	for (uint32_t wrong : { 1u, 0x100u, 0xff00u }) {
		m.send({ cdat, 3, wrong });
		EXPECT_EQ(m.status(), error);
		m.reg(8, 1);
	}
}

TEST(cdat, header_tells_length_and_revision_and_the_bytes_add_up_to_0)
{
	for (uint64_t persistent : { uint64_t{ 0 }, 512 * mib }) {
		options o;
		o.persistent_size = persistent;
		device d(o);
		const std::vector<uint8_t> t = doe(d).table();

		ASSERT_EQ(t.size(), persistent ? 0x130u : 0xa0u);
		EXPECT_EQ(le(t, 0, 4), t.size());
		EXPECT_EQ(t[4], 2) << "revision";
		EXPECT_EQ(sum(t), 0u);
		EXPECT_EQ(le(t, 12, 4), 0u) << "sequence";
	}
}

TEST(cdat, a_memory_device_has_dsmas_four_dslbis_and_dsemts_for_each_partition)
{
	options o;
	o.volatile_size = 256 * mib;
	o.persistent_size = 768 * mib;
	device d(o);
	const std::vector<uint8_t> t = doe(d).table();
	const unsigned types[] = { 0, 1, 1, 1, 1, 4 };
	/* read latency, write latency (ps), read bandwidth, write bandwidth (MB/s) */
	const unsigned data_types[] = { 1, 2, 4, 5 };
	const uint64_t values[] = { 150'000, 250'000, 16'000, 16'000 };

	ASSERT_EQ(t.size(), 0x130u);
	for (unsigned p = 0; p < 2; p++) {
		const size_t at = 0x10 + 0x90 * p;
		for (unsigned i = 0; i < 6; i++) {
			EXPECT_EQ(t[at + 0x18 * i], types[i]);
			EXPECT_EQ(le(t, at + 0x18 * i + 2, 2), 0x18u);
			EXPECT_EQ(t[at + 0x18 * i + 4], p) << "handle of the DSMAS";
		}
		EXPECT_EQ(t[at + 5], p ? 4 : 0) << "non-volatile";
		EXPECT_EQ(le(t, at + 8, 8), p ? 256 * mib : 0);
		EXPECT_EQ(le(t, at + 16, 8), p ? 768 * mib : 256 * mib);
		for (unsigned i = 0; i < 4; i++) {
			EXPECT_EQ(t[at + 0x18 * (i + 1) + 5], 0) << "memory";
			EXPECT_EQ(t[at + 0x18 * (i + 1) + 6], data_types[i]);
			EXPECT_EQ(dslbis(t, at + 0x18 * (i + 1)), values[i]);
		}
		EXPECT_EQ(t[at + 0x78 + 5], p ? 2 : 1) << "EFI memory type";
		EXPECT_EQ(le(t, at + 0x78 + 8, 8), 0u);
		EXPECT_EQ(le(t, at + 0x78 + 16, 8), p ? 768 * mib : 256 * mib);
	}
}

TEST(cdat, a_device_without_volatile_memory_has_the_persistent_partition_alone)
{
	options o;
	o.volatile_size = 0;
	device d(o);
	const std::vector<uint8_t> t = doe(d).table();

	ASSERT_EQ(t.size(), 0xa0u);
	EXPECT_EQ(t[0x15], 4);
	EXPECT_EQ(le(t, 0x18, 8), 0u);
}

TEST(cdat, regions_of_dynamic_capacity_follow_and_say_what_they_are)
{
	const struct {
		bool persistent, shareable;
		unsigned flags, efi;
	} rows[] = { { false, false, 0x20, 1 },
		     { true, false, 0x24, 2 },
		     { false, true, 0x28, 1 },
		     { true, true, 0x2c, 2 } };
	options o;
	o.volatile_size = 256 * mib;
	o.persistent_size = 0;
	o.dc.n_regions = 8;
	for (unsigned i = 0; i < 8; i++) {
		o.dc.regions[i].len = 512 * mib;
		o.dc.regions[i].persistent = rows[i % 4].persistent;
		o.dc.regions[i].shareable = rows[i % 4].shareable;
	}
	device d(o);
	const std::vector<uint8_t> t = doe(d).table();

	ASSERT_EQ(t.size(), 0x10u + 9 * 0x90);
	EXPECT_EQ(sum(t), 0u);
	for (unsigned i = 0; i < 8; i++) {
		const size_t at = 0x10 + 0x90 * (1 + i);
		EXPECT_EQ(t[at], 0) << "DSMAS";
		EXPECT_EQ(t[at + 4], 2 + i)
			<< "handle, as Get Dynamic Capacity Configuration has it";
		EXPECT_EQ(t[at + 5], rows[i % 4].flags);
		EXPECT_EQ(le(t, at + 8, 8), 256 * mib + i * 512 * mib);
		EXPECT_EQ(le(t, at + 16, 8), 512 * mib);
		EXPECT_EQ(t[at + 0x78 + 5], rows[i % 4].efi) << "EFI memory type";
	}
}

TEST(cdat, latencies_and_bandwidths_are_those_of_the_configuration)
{
	const uint32_t values[][4] = { { 170'000, 90'500, 28'000, 14'000 },
				       { 1, 65'534, 65'534, 1 },
				       { 655'340, 4'000'000'000, 65'540, 2'000'000'000 } };

	for (const auto &v : values) {
		uint8_t byte = 0;
		vcxl_memdev_config config = {};
		vcxl_memdev *md = nullptr;
		config.serial = 1;
		config.media[0].size = 256 * mib;
		config.media[0].direct = &byte;
		config.read_latency_ps = v[0];
		config.write_latency_ps = v[1];
		config.read_bandwidth = v[2];
		config.write_bandwidth = v[3];
		ASSERT_EQ(vcxl_memdev_create(&config, nullptr, &md), VCXL_OK);
		device d;
		std::swap(d.md, md);
		const std::vector<uint8_t> t = doe(d).table();
		std::swap(d.md, md);
		vcxl_memdev_destroy(md);
		ASSERT_EQ(t.size(), 0xa0u);
		for (unsigned i = 0; i < 4; i++)
			EXPECT_EQ(dslbis(t, 0x28 + 0x18 * i), v[i]);
	}
}

/* ---- switches ---- */

TEST(switch_cdat, only_upstream_ports_have_one)
{
	for (vcxl_port_kind kind : { VCXL_PORT_ROOT, VCXL_PORT_UPSTREAM, VCXL_PORT_DOWNSTREAM }) {
		test::port port(test::port_config(kind));
		EXPECT_EQ(doe(port).present(), kind == VCXL_PORT_UPSTREAM);
	}
}

TEST(switch_cdat, without_downstream_ports_is_its_header)
{
	test::port port(test::port_config(VCXL_PORT_UPSTREAM));
	const std::vector<uint8_t> t = doe(port).table();

	ASSERT_EQ(t.size(), 0x10u);
	EXPECT_EQ(le(t, 0, 4), 0x10u);
	EXPECT_EQ(sum(t), 0u);
}

TEST(switch_cdat, names_every_downstream_port_by_its_lnkcap_number)
{
	vcxl_port_config config = test::port_config(VCXL_PORT_UPSTREAM);
	config.latency_ps = 40'000;
	config.bandwidth = 32'000;
	for (bool given : { false, true }) {
		test::port port(given ? config : test::port_config(VCXL_PORT_UPSTREAM));
		const unsigned numbers[] = { 3, 0, 200 };
		for (unsigned number : numbers)
			vcxl_port_add_dport(port.get(), static_cast<uint8_t>(number), nullptr,
					    nullptr);
		const std::vector<uint8_t> t = doe(port).table();
		ASSERT_EQ(t.size(), 0x10u + 2 * (0x10 + 3 * 2 * 8));
		EXPECT_EQ(sum(t), 0u);
		for (unsigned s = 0; s < 2; s++) {
			const size_t at = 0x10 + 0x40 * s;
			const uint64_t latency = given ? 40'000 : 150'000;
			const uint64_t bandwidth = given ? 32'000 : 16'384;

			EXPECT_EQ(t[at], 5) << "SSLBIS";
			EXPECT_EQ(le(t, at + 2, 2), 0x40u);
			EXPECT_EQ(t[at + 4], s ? 3 : 0) << "access latency, access bandwidth";
			for (unsigned i = 0; i < 6; i++) {
				const size_t e = at + 0x10 + 8 * i;
				EXPECT_EQ(le(t, e, 2), i % 2 ? numbers[i / 2] : 0x100u);
				EXPECT_EQ(le(t, e + 2, 2), i % 2 ? 0xffffu : numbers[i / 2]);
				EXPECT_EQ(le(t, e + 4, 2) * le(t, at + 8, 8),
					  s ? bandwidth : latency);
			}
		}
	}
}

TEST(switch_cdat, holds_64_downstream_ports)
{
	test::port port(test::port_config(VCXL_PORT_UPSTREAM));

	for (unsigned i = 0; i < 64; i++)
		ASSERT_GE(
			vcxl_port_add_dport(port.get(), static_cast<uint8_t>(i), nullptr, nullptr),
			0);
	const std::vector<uint8_t> t = doe(port).table();
	EXPECT_EQ(t.size(), 0x10u + 2 * (0x10 + 64 * 2 * 8));
	EXPECT_EQ(le(t, 0, 4), t.size());
	EXPECT_EQ(sum(t), 0u);
}
