// SPDX-License-Identifier: Apache-2.0
//
// What a memory device keeps without power is in a file of its own (state-memdev): one run follows
// the other as one power cycle does. The test reads and makes such files with a device of its own.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <vcxl/memdev.h>

#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

constexpr uint64_t media_size = 1ull << 30;

std::vector<uint8_t> read_file(const std::string &path)
{
	std::ifstream in(path, std::ios::binary);

	return { std::istreambuf_iterator<char>(in), {} };
}

void write_file(const std::string &path, const std::vector<uint8_t> &bytes)
{
	std::ofstream(path, std::ios::binary)
		.write(reinterpret_cast<const char *>(bytes.data()),
		       static_cast<std::streamsize>(bytes.size()));
}

// The device that the command line describes, without the simulator.
class owner
{
public:
	explicit owner(const std::string &path) : path_(path), state_(read_file(path))
	{
		vcxl_memdev_config config{};

		state_.resize(65536);
		media_ = static_cast<uint8_t *>(mmap(nullptr, media_size, PROT_READ | PROT_WRITE,
						     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
						     -1, 0));
		config.partitionable.size = media_size;
		config.partitionable.direct = media_;
		config.state.size = state_.size();
		config.state.direct = state_.data();
		config.serial = 1;
		EXPECT_EQ(vcxl_memdev_create(&config, nullptr, &md_), VCXL_OK);
	}
	~owner()
	{
		vcxl_memdev_destroy(md_);
		munmap(media_, media_size);
		write_file(path_, state_);
	}
	std::vector<uint8_t> command(uint16_t opcode, const std::vector<uint8_t> &in = {})
	{
		std::vector<uint8_t> out(2048);
		uint32_t length = 0;

		EXPECT_EQ(vcxl_memdev_command(md_, opcode, in.data(),
					      static_cast<uint32_t>(in.size()), out.data(),
					      &length),
			  0);
		out.resize(length);
		return out;
	}
	unsigned dirty_shutdowns() { return command(0x4200).at(6); }

private:
	std::string path_;
	std::vector<uint8_t> state_;
	uint8_t *media_ = nullptr;
	vcxl_memdev *md_ = nullptr;
};

words machine(const scratch &dir, const std::string &action = "boot")
{
	words args = args_file("linux/partitionable1.args", dir);

	for (const std::string &word : { std::string("--boot-config"),
					 dir.write(action + ".conf", "action " + action + "\n") })
		args.push_back(word);
	return args;
}

std::set<std::string> names(const std::string &folder)
{
	std::set<std::string> found;

	for (const auto &entry : std::filesystem::directory_iterator(folder))
		found.insert(entry.path().filename().string());
	return found;
}

} // namespace

TEST(stored_state, of_a_device_is_as_the_run_before_left_it)
{
	const scratch dir;
	const std::string path = dir.file("state.raw");

	{
		owner host(path);
		host.command(0x4101, { 3, 0, 0, 0, 0, 0, 0, 0, 0 }); // 768 MiB volatile
	}
	const outcome run = run_vcxl(machine(dir, "check"), dir);
	EXPECT_NE(run.out.find("capacity 1 GiB (volatile 768 MiB, persistent 256 MiB)"),
		  std::string::npos)
		<< run.out << run.err;
	EXPECT_EQ(owner(path).command(0x4100),
		  (std::vector<uint8_t>{ 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
					 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }));
}

// What a run ends with is of interest to the next one only; what Linux does of this is in
// tests/linux.
TEST(stored_state, counts_shutdowns_that_came_while_software_had_data_to_save)
{
	const scratch dir;
	const std::string path = dir.file("state.raw");

	EXPECT_EQ(owner(path).dirty_shutdowns(), 0u);
	owner(path).command(0x4204, { 1 });
	run_vcxl(machine(dir, "check"), dir);
	EXPECT_EQ(owner(path).dirty_shutdowns(), 1u);
	run_vcxl(machine(dir, "check"), dir);
	EXPECT_EQ(owner(path).dirty_shutdowns(), 1u);
}

TEST(stored_state, that_is_damaged_or_too_small_ends_with_one_line)
{
	const scratch dir;
	std::vector<uint8_t> noise(65536, 0x5a);

	write_file(dir.file("state.raw"), noise);
	const outcome damaged = run_vcxl(machine(dir), dir);
	EXPECT_EQ(damaged.status, 1);
	EXPECT_EQ(damaged.out, "");
	EXPECT_EQ(damaged.err.find("vcxl: -device cxl-type3,id=mem0,state-memdev=s0: "), 0u)
		<< damaged.err;
	EXPECT_EQ(damaged.err.find('\n') + 1, damaged.err.size()) << damaged.err;
	EXPECT_NE(damaged.err.find("stored state is damaged, or of another device or version\n"),
		  std::string::npos)
		<< damaged.err;
	EXPECT_EQ(read_file(dir.file("state.raw")), noise) << "untouched";
	EXPECT_FALSE(std::filesystem::exists(dir.file("media.raw")));
	EXPECT_FALSE(std::filesystem::exists(dir.file("lsa.raw")));
	words small = machine(dir);
	for (std::string &word : small)
		if (word.find("state.raw") != std::string::npos)
			word.replace(word.find("64K"), 3, "32K");
	const outcome o = run_vcxl(small, dir);
	EXPECT_EQ(o.status, 1);
	EXPECT_NE(o.err.find("property 'state-memdev': size 32K of memory backend 's0' is not in "
			     "64K.."),
		  std::string::npos)
		<< o.err;
}

TEST(stored_state, of_another_device_is_found_before_any_file_is_made)
{
	const scratch dir;
	const words first = machine(dir);
	words second;

	owner(dir.file("state.raw")).command(0x4204, { 1 });
	const std::vector<uint8_t> state = read_file(dir.file("state.raw"));
	for (std::string word : first) {
		if (const size_t at = word.find("size=1G"); at != std::string::npos)
			word.replace(at, 7, "size=2G");
		second.push_back(word);
	}
	second.insert(second.end(), { "--trace", dir.file("trace"), "--dump-dtb", dir.file("dtb"),
				      "-serial", "file:" + dir.file("serial") });
	const std::set<std::string> before = names(dir.file(""));
	const outcome o = run_vcxl(second, dir);

	EXPECT_EQ(o.status, 1);
	EXPECT_EQ(o.err, "vcxl: -device cxl-type3,id=mem0,state-memdev=s0: "
			 "stored state is damaged, or of another device or version\n");
	EXPECT_EQ(names(dir.file("")), before);
	EXPECT_EQ(read_file(dir.file("state.raw")), state) << "untouched";
}

} // namespace vcxl_test
