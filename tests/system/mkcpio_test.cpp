// SPDX-License-Identifier: Apache-2.0
// The archive writer of the guest image, read back with a reader of its own: the "new ASCII" cpio
// format of the kernel documentation (driver-api/early-userspace/buffer-format).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <sys/time.h>
#include <vector>

namespace
{

namespace fs = std::filesystem;

struct entry {
	std::string name;
	unsigned long mode, uid, gid, mtime, major, minor;
	std::string data;
};

class mkcpio : public ::testing::Test
{
protected:
	void SetUp() override
	{
		std::string pattern = (fs::temp_directory_path() / "mkcpio.XXXXXX").string();
		ASSERT_NE(mkdtemp(pattern.data()), nullptr);
		dir = pattern;
	}
	void TearDown() override { fs::remove_all(dir); }

	void write(const std::string &path, const std::string &data, mode_t mode = 0600)
	{
		fs::create_directories((dir / path).parent_path());
		std::ofstream(dir / path, std::ios::binary) << data;
		ASSERT_EQ(chmod((dir / path).c_str(), mode), 0);
	}

	int run(const std::string &arguments)
	{
		std::string command = std::string(VCXL_MKCPIO) + " " + arguments + " 2>" +
				      (dir / "errors").string();
		return WEXITSTATUS(std::system(command.c_str()));
	}

	std::string read(const std::string &path)
	{
		std::ifstream in(dir / path, std::ios::binary);
		std::ostringstream out;
		out << in.rdbuf();
		return out.str();
	}

	std::string at(const std::string &path) { return (dir / path).string(); }

	fs::path dir;
};

size_t aligned(size_t n)
{
	return (n + 3) / 4 * 4;
}

// header: magic, then 13 fields of 8 hexadecimal digits; name and data each end on 4 bytes
std::vector<entry> list(const std::string &archive)
{
	std::vector<entry> entries;
	size_t pos = 0;
	while (pos + 110 <= archive.size()) {
		EXPECT_EQ(archive.substr(pos, 6), "070701") << "at " << pos;
		auto field = [&](size_t i) {
			return std::stoul(archive.substr(pos + 6 + 8 * i, 8), nullptr, 16);
		};
		size_t size = field(6), name_size = field(11);
		std::string name = archive.substr(pos + 110, name_size).c_str();
		size_t data = aligned(pos + 110 + name_size);
		EXPECT_EQ(archive[pos + 110 + name_size - 1], '\0') << name;
		EXPECT_EQ(data % 8, 0u) << name << ": Linux copies it by single words";
		if (name == "TRAILER!!!")
			return entries;
		entries.push_back({ name, field(1), field(2), field(3), field(5), field(9),
				    field(10), archive.substr(data, size) });
		pos = aligned(data + size);
	}
	ADD_FAILURE() << "no trailer";
	return entries;
}

TEST_F(mkcpio, archive_lists_back_what_the_tree_holds)
{
	write("tree/b/file", "12345", 0640);
	write("tree/a", std::string(70000, 'x'), 0700);
	write("tree/b/empty", "");
	fs::create_directory(dir / "tree/c");
	fs::create_symlink("b/file", dir / "tree/d");
	ASSERT_EQ(run(at("tree") + " " + at("out") + " --node dev/console:c:5:1:600"), 0)
		<< read("errors");
	std::vector<entry> e = list(read("out"));
	ASSERT_EQ(e.size(), 7u);
	const struct {
		const char *name;
		unsigned long mode;
		std::string data;
	} expected[] = {
		{ "a", 0100755, std::string(70000, 'x') },
		{ "b", 0040755, "" },
		{ "b/empty", 0100644, "" },
		{ "b/file", 0100644, "12345" },
		{ "c", 0040755, "" },
		{ "d", 0120777, "b/file" },
		{ "dev/console", 0020600, "" },
	};
	for (size_t i = 0; i < e.size(); i++) {
		EXPECT_EQ(e[i].name, expected[i].name);
		EXPECT_EQ(e[i].mode, expected[i].mode) << e[i].name;
		EXPECT_EQ(e[i].data, expected[i].data) << e[i].name;
		EXPECT_EQ(e[i].uid + e[i].gid + e[i].mtime, 0u) << e[i].name;
	}
	EXPECT_EQ(e[6].major, 5u);
	EXPECT_EQ(e[6].minor, 1u);
}

TEST_F(mkcpio, equal_trees_of_other_age_and_order_give_equal_archives)
{
	write("one/a", "1");
	write("one/b", "2");
	write("two/b", "2");
	write("two/a", "1");
	const struct timeval long_ago[2] = { { 1000000, 0 }, { 1000000, 0 } };
	ASSERT_EQ(utimes(at("two/a").c_str(), long_ago), 0);
	ASSERT_EQ(run(at("one") + " " + at("out1")), 0);
	ASSERT_EQ(run(at("two") + " " + at("out2")), 0);
	ASSERT_EQ(list(read("out1")).size(), 2u);
	EXPECT_EQ(read("out1"), read("out2"));
}

TEST_F(mkcpio, archive_is_a_whole_number_of_512_byte_blocks)
{
	write("tree/a", "1");
	ASSERT_EQ(run(at("tree") + " " + at("out")), 0);
	EXPECT_EQ(fs::file_size(dir / "out"), 512u);
}

TEST_F(mkcpio, wrong_arguments_are_named_and_leave_no_archive)
{
	write("tree/a", "1");
	const struct {
		std::string arguments, message;
	} rows[] = {
		{ at("none") + " " + at("out"), "none: No such file" },
		{ at("tree") + " " + at("no/out"), "no/out: No such file" },
		{ at("tree") + " " + at("out") + " --node x:c:5", "--node x:c:5: not NAME" },
		{ at("tree") + " " + at("out") + " --mode 1", "unknown option --mode" },
		{ at("tree"), "usage" },
	};
	for (const auto &row : rows) {
		EXPECT_EQ(run(row.arguments), 1) << row.arguments;
		EXPECT_NE(read("errors").find(row.message), std::string::npos) << read("errors");
		EXPECT_FALSE(fs::exists(dir / "out")) << row.arguments;
	}
}

TEST_F(mkcpio, what_an_initramfs_cannot_hold_is_refused_by_name)
{
	fs::create_directory(dir / "tree");
	ASSERT_EQ(mkfifo(at("tree/pipe").c_str(), 0600), 0);
	EXPECT_EQ(run(at("tree") + " " + at("out")), 1);
	EXPECT_NE(read("errors").find("tree/pipe: neither"), std::string::npos) << read("errors");
	EXPECT_FALSE(fs::exists(dir / "out"));
}

} // namespace
