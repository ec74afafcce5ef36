// SPDX-License-Identifier: Apache-2.0
//
// Host memory behind media: what zeroing does to each kind of mapping.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "memory.h"

namespace
{

constexpr uint64_t page = 4096;

// A file of four pages of 'x'; gone with the object.
class file
{
public:
	file()
	{
		const std::string text(4 * page, 'x');
		const int fd = mkstemp(path_);

		EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
		close(fd);
	}
	~file() { unlink(path_); }
	vcxl::host_memory map(bool share) const
	{
		vcxl::backend b;
		bool created;

		b.id = "m";
		b.kind = vcxl::backend_kind::file;
		b.path = path_;
		b.size = 4 * page;
		b.share = share;
		return vcxl::host_memory::of_backend(b, &created);
	}

private:
	char path_[32] = "/tmp/vcxl-memory-XXXXXX";
};

// Whether exactly pages [first, last) are zero, others 'x'.
bool only_zero(const vcxl::host_memory &m, uint64_t first, uint64_t last)
{
	for (uint64_t at = 0; at < m.size(); at++)
		if (m.data()[at] != (at >= first * page && at < last * page ? 0 : 'x'))
			return false;
	return true;
}

} // namespace

TEST(host_memory, zero_clears_the_pages_of_anonymous_memory)
{
	vcxl::host_memory m = vcxl::host_memory::anonymous(4 * page, "test");

	std::fill(m.data(), m.data() + m.size(), 'x');
	EXPECT_TRUE(m.zero(page, 2 * page));
	EXPECT_TRUE(only_zero(m, 1, 3));
	EXPECT_TRUE(m.zero(0, 0));
	EXPECT_TRUE(only_zero(m, 1, 3));
}

TEST(host_memory, zero_of_a_shared_file_reaches_the_file)
{
	const file f;
	vcxl::host_memory m = f.map(true);

	if (!m.zero(page, page))
		GTEST_SKIP() << "the file system cannot punch holes";
	EXPECT_TRUE(only_zero(m, 1, 2));
	EXPECT_TRUE(only_zero(f.map(true), 1, 2));
}

TEST(host_memory, zero_is_refused_where_the_bytes_of_the_file_would_come_back)
{
	const file f;
	vcxl::host_memory m = f.map(false);

	m.data()[page] = 'y';
	EXPECT_FALSE(m.zero(page, page));
	EXPECT_EQ(m.data()[page], 'y');
}
