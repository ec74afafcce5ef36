// SPDX-License-Identifier: Apache-2.0
//
// What the firmware reads of dynamic capacity while it changes. The mailbox is the test's: it
// answers from lists that it has in store. Layouts are those of CXL r3.1 8.2.9.9.9.2.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "board.h"
#include "dcd_log.h"

namespace
{

constexpr unsigned in_page = 3; // extents

struct list {
	uint32_t generation;
	std::vector<uint64_t> dpas; // of extents of 2 MiB
};

// Before command n the list becomes number n of these; the last one stays.
std::vector<list> lists;
unsigned n_commands;
uint8_t payload[16 + in_page * 40];

class dynamic_log : public testing::Test
{
public:
	dynamic_log()
	{
		cxl_->board = board_.get();
		cxl_->nodes[0].memdev.payload_size = sizeof(payload);
		n_commands = 0;
	}
	// Device addresses of what it reads; {~0} when it fails.
	std::vector<uint64_t> read(std::vector<list> in_turn)
	{
		dcd_range ranges[8] = {};
		std::vector<uint64_t> dpas;

		lists = std::move(in_turn);
		n_ = dcd_read_extents(cxl_.get(), 0, ranges, 8);
		if (n_ < 0)
			return { ~uint64_t{ 0 } };
		for (int i = 0; i < n_ && i < 8; i++) {
			EXPECT_EQ(ranges[i].len, 0x200000u);
			EXPECT_EQ(ranges[i].tag[0], 0x1111111111111111u);
			EXPECT_EQ(ranges[i].tag[1], 0x2222222222222222u);
			dpas.push_back(ranges[i].dpa);
		}
		return dpas;
	}

protected:
	int n_ = 0;

private:
	std::unique_ptr<board> board_ = std::make_unique<board>();
	std::unique_ptr<cxl> cxl_ = std::make_unique<cxl>();
};

using dpas = std::vector<uint64_t>;

} // namespace

uint64_t cxl_payload(const cxl_memdev *, unsigned offset, unsigned n)
{
	uint64_t value = 0;

	memcpy(&value, payload + offset, n);
	return value;
}

void cxl_put_payload(const cxl_memdev *, unsigned offset, unsigned n, uint64_t value)
{
	memcpy(payload + offset, &value, n);
}

int cxl_command(const cxl_memdev *m, uint64_t, unsigned opcode, unsigned in_length)
{
	const list &now = lists[std::min<size_t>(n_commands, lists.size() - 1)];
	const uint64_t count = cxl_payload(m, 0, 4), start = cxl_payload(m, 4, 4);
	unsigned n = 0;

	n_commands++;
	EXPECT_EQ(opcode, 0x4801u);
	EXPECT_EQ(in_length, 8u);
	if (start > now.dpas.size())
		return -1;
	for (; n < count && n < in_page && start + n < now.dpas.size(); n++) {
		cxl_put_payload(m, 16 + 40 * n, 8, now.dpas[start + n]);
		cxl_put_payload(m, 16 + 40 * n + 8, 8, 0x200000);
		memset(payload + 16 + 40 * n + 16, 0x11, 8);
		memset(payload + 16 + 40 * n + 24, 0x22, 8);
	}
	cxl_put_payload(m, 0, 4, n);
	cxl_put_payload(m, 4, 4, now.dpas.size());
	cxl_put_payload(m, 8, 4, now.generation);
	return static_cast<int>(16 + 40 * n);
}

TEST_F(dynamic_log, list_of_extents_is_read_by_pages)
{
	EXPECT_EQ(read({ { 0, {} } }), dpas{});
	EXPECT_EQ(n_commands, 1u);
	n_commands = 0;
	EXPECT_EQ(read({ { 7, { 1, 2, 3, 4, 5, 6, 7 } } }), (dpas{ 1, 2, 3, 4, 5, 6, 7 }));
	EXPECT_EQ(n_commands, 3u);
}

TEST_F(dynamic_log, list_that_changes_between_pages_is_read_again)
{
	// the first extent has gone: without a second look 5 would be missing
	EXPECT_EQ(read({ { 7, { 1, 2, 3, 4, 5 } }, { 8, { 2, 3, 4, 5 } } }), (dpas{ 2, 3, 4, 5 }));
	// an extent has become two
	n_commands = 0;
	EXPECT_EQ(read({ { 8, { 1, 4, 5, 6 } }, { 9, { 1, 2, 4, 5, 6 } } }),
		  (dpas{ 1, 2, 4, 5, 6 }));
	// as many as before, but others
	n_commands = 0;
	EXPECT_EQ(read({ { 9, { 1, 2, 3, 4 } }, { 11, { 1, 2, 3, 5 } } }), (dpas{ 1, 2, 3, 5 }));
	// there is nothing any more where the next page would begin
	n_commands = 0;
	EXPECT_EQ(read({ { 11, { 1, 2, 3, 4 } }, { 12, { 2 } } }), dpas{ 2 });
}

TEST_F(dynamic_log, list_that_never_rests_ends_the_reading)
{
	std::vector<list> restless;

	for (uint32_t i = 0; i < 10000; i++)
		restless.push_back({ i, { 1, 2, 3, 4 } });
	EXPECT_EQ(read(restless), dpas{ ~uint64_t{ 0 } });
}

TEST_F(dynamic_log, extents_that_there_is_no_room_for_are_counted)
{
	EXPECT_EQ(read({ { 1, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 } } }),
		  (dpas{ 1, 2, 3, 4, 5, 6, 7, 8 }));
	EXPECT_EQ(n_, 10);
}
