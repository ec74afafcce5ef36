// SPDX-License-Identifier: Apache-2.0
//
// Program loader: ELF files built byte by byte from the System V ABI's layouts, Linux images, raw
// files, and damaged ones, which must end in a message that names the file.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "loader.h"

namespace
{

using bytes = std::vector<uint8_t>;

constexpr uint64_t ram_base = 0x80000000;

class loader : public testing::Test
{
protected:
	vcxl::loaded_image load(const bytes &file, uint64_t address = ram_base)
	{
		return vcxl::load_program("prog", file, address, view);
	}
	// The message of the error that loading ends in.
	std::string error(const bytes &file, uint64_t address = ram_base)
	{
		try {
			load(file, address);
		} catch (const vcxl::load_error &e) {
			return e.what();
		}
		return "no error";
	}

	bytes ram = bytes(0x800000, 0xee);
	vcxl::ram_view view{ ram_base, ram.size(), ram.data() };
};

void put(bytes &file, size_t offset, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		file.at(offset + i) = static_cast<uint8_t>(value >> 8 * i);
}

// Offsets inside elf_file().
enum {
	phdr0 = 0x40,
	phdr1 = 0x78,
	text = 0x100,
	data = 0x110,
	symtab = 0x120,
	strtab = 0x1c8,
	shdrs = 0x200,
	n_symbols = 7
};

// Two segments: 16 bytes of text linked at 0xffffffff80001000 and loaded at 0x80001000, and 8 bytes
// of data with 24 bytes of bss behind at 0x80003000.
bytes elf_file()
{
	bytes f(0x2c0);
	const char strings[] = "\0tohost\0fromhost\0begin_signature\0end_signature\0main";
	const struct {
		unsigned name;
		uint64_t value;
	} symbols[n_symbols] = {
		{ 0, 0 },
		{ 47, 0xffffffff80001004 },
		{ 1, 0x80003000 },
		{ 8, 0x80003008 },
		{ 17, 0xffffffff80001008 },
		{ 33, 0x80003020 }, // the end of its segment
		{ 47, 0x12345678 },
	};

	std::memcpy(f.data(), "\177ELF\2\1\1", 7);
	put(f, 0x10, 2, 2);   // ET_EXEC
	put(f, 0x12, 243, 2); // EM_RISCV
	put(f, 0x14, 1, 4);
	put(f, 0x18, 0xffffffff80001004, 8); // entry
	put(f, 0x20, phdr0, 8);
	put(f, 0x28, shdrs, 8);
	put(f, 0x34, 64, 2);
	put(f, 0x36, 56, 2);
	put(f, 0x38, 2, 2);
	put(f, 0x3a, 64, 2);
	put(f, 0x3c, 3, 2);
	const uint64_t segments[2][5] = {
		{ text, 0xffffffff80001000, 0x80001000, 16, 16 },
		{ data, 0x80003000, 0x80003000, 8, 32 },
	};

	for (unsigned i = 0; i < 2; i++) {
		const size_t at = phdr0 + 56 * i;

		put(f, at, 1, 4); // PT_LOAD
		for (unsigned k = 0; k < 5; k++)
			put(f, at + 8 + 8 * k, segments[i][k], 8);
	}
	for (unsigned i = 0; i < 16; i++)
		f[text + i] = static_cast<uint8_t>(0xa0 + i);
	for (unsigned i = 0; i < 8; i++)
		f[data + i] = static_cast<uint8_t>(0xd0 + i);
	for (unsigned i = 0; i < n_symbols; i++) {
		put(f, symtab + 24 * i, symbols[i].name, 4);
		put(f, symtab + 24 * i + 6, i ? 1 : 0, 2); // section
		put(f, symtab + 24 * i + 8, symbols[i].value, 8);
	}
	std::memcpy(f.data() + strtab, strings, sizeof(strings));
	put(f, shdrs + 64 + 4, 2, 4); // SHT_SYMTAB
	put(f, shdrs + 64 + 0x18, symtab, 8);
	put(f, shdrs + 64 + 0x20, 24 * n_symbols, 8);
	put(f, shdrs + 64 + 0x28, 2, 4); // its strings
	put(f, shdrs + 128 + 4, 3, 4);   // SHT_STRTAB
	put(f, shdrs + 128 + 0x18, strtab, 8);
	put(f, shdrs + 128 + 0x20, sizeof(strings), 8);
	return f;
}

TEST_F(loader, elf_segments_go_to_their_physical_addresses)
{
	const vcxl::loaded_image image = load(elf_file());

	EXPECT_EQ(image.kind, vcxl::image_kind::elf);
	EXPECT_EQ(image.entry, 0x80001004u) << "entry is virtual in the file";
	EXPECT_EQ(image.extent.base, 0x80001000u);
	EXPECT_EQ(image.extent.size, 0x2020u);
	EXPECT_EQ(ram[0x0fff], 0xee);
	EXPECT_EQ(ram[0x1000], 0xa0);
	EXPECT_EQ(ram[0x100f], 0xaf);
	EXPECT_EQ(ram[0x1010], 0xee) << "between segments nothing is written";
	EXPECT_EQ(ram[0x3007], 0xd7);
	for (unsigned i = 0x3008; i < 0x3020; i++)
		EXPECT_EQ(ram[i], 0) << "bss";
	EXPECT_EQ(ram[0x3020], 0xee);
}

TEST_F(loader, elf_symbols_of_the_test_protocols_are_physical)
{
	const vcxl::loaded_image image = load(elf_file());

	EXPECT_EQ(image.symbols,
		  (std::map<std::string, uint64_t>{ { "tohost", 0x80003000 },
						    { "fromhost", 0x80003008 },
						    { "begin_signature", 0x80001008 },
						    { "end_signature", 0x80003020 } }));
}

std::string code_of(const vcxl::loaded_image &image)
{
	char text[64];
	std::string all;

	for (const vcxl::code_symbol &s : image.code) {
		std::snprintf(text, sizeof(text), "%llx-%llx ",
			      static_cast<unsigned long long>(s.address),
			      static_cast<unsigned long long>(s.end));
		all += text + s.name + '\n';
	}
	return all;
}

TEST_F(loader, elf_names_of_code_are_virtual_and_end_with_the_next_or_the_segment)
{
	bytes f = elf_file();

	EXPECT_EQ(code_of(load(f)), "") << "no segment is executable";
	put(f, phdr0 + 4, 5, 4); // R X
	EXPECT_EQ(code_of(load(f)), "ffffffff80001004-ffffffff80001008 main\n"
				    "ffffffff80001008-ffffffff80001010 begin_signature\n");
	put(f, symtab + 24 + 4, 0x12, 1); // main: a global function
	put(f, symtab + 24 + 16, 2, 8);   // of two bytes
	put(f, symtab + 24 * 4 + 8, 0xffffffff80001004, 8);
	EXPECT_EQ(code_of(load(f)), "ffffffff80001004-ffffffff80001006 main\n")
		<< "the function's name, not the label's";
	put(f, symtab + 24 + 4, 0x11, 1); // an object is no code
	EXPECT_EQ(code_of(load(f)), "ffffffff80001004-ffffffff80001010 begin_signature\n");
	EXPECT_EQ(vcxl::elf_code("prog", f).size(), 1u);
}

TEST_F(loader, stripped_and_position_independent_elf_loads)
{
	bytes f = elf_file();

	put(f, 0x10, 3, 2); // ET_DYN
	put(f, 0x3c, 0, 2); // no sections
	f.resize(0x120);
	EXPECT_EQ(load(f).entry, 0x80001004u);
	EXPECT_TRUE(load(f).symbols.empty());
}

struct damage {
	const char *what;
	size_t offset;
	uint64_t value;
	unsigned width;
	const char *message;
};

class damaged_elf : public loader, public testing::WithParamInterface<damage>
{
};

TEST_P(damaged_elf, ends_in_one_message_that_names_file_and_fault)
{
	bytes f = elf_file();

	put(f, GetParam().offset, GetParam().value, GetParam().width);
	EXPECT_EQ(error(f), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
	loader, damaged_elf,
	testing::Values(
		damage{ "class32", 4, 1, 1, "prog: not an ELF file for 64-bit RISC-V" },
		damage{ "big_endian", 5, 2, 1, "prog: not an ELF file for 64-bit RISC-V" },
		damage{ "x86", 0x12, 62, 2, "prog: not an ELF file for 64-bit RISC-V" },
		damage{ "relocatable", 0x10, 1, 2, "prog: not an executable ELF file (type 1)" },
		damage{ "phdr_size", 0x36, 32, 2,
			"prog: program headers of 32 bytes, expected 56" },
		damage{ "phdr_place", 0x20, 0xfffffffffffffff0, 8,
			"prog: program header table lies outside the file" },
		damage{ "phdr_count", 0x38, 0xffff, 2,
			"prog: program header table lies outside the file" },
		damage{ "no_phdr", 0x38, 0, 2, "prog: ELF file without anything to load" },
		damage{ "no_ram", phdr0 + 0x18, 0x7ffff000, 8,
			"prog: needs 0x10 bytes at 0x7ffff000, RAM is 0x800000 bytes at "
			"0x80000000" },
		damage{ "huge_bss", phdr1 + 0x28, 0xffffffffffffffff, 8,
			"prog: needs 0xffffffffffffffff bytes at 0x80003000, RAM is 0x800000 bytes "
			"at 0x80000000" },
		damage{ "file_exceeds_memory", phdr0 + 0x20, 17, 8,
			"prog: segment 0 is larger in the file than in memory" },
		damage{ "segment_place", phdr0 + 8, 0x2b8, 8,
			"prog: segment lies outside the file" },
		damage{ "entry", 0x18, 0x80001004, 8, "prog: entry 0x80001004 is in no segment" },
		damage{ "shdr_size", 0x3a, 40, 2,
			"prog: section headers of 40 bytes, expected 64" },
		damage{ "shdr_place", 0x28, 0x280, 8,
			"prog: section header table lies outside the file" },
		damage{ "no_strings", shdrs + 64 + 0x28, 3, 4,
			"prog: symbol table without a string table" },
		damage{ "symbols_place", shdrs + 64 + 0x20, 0x10000, 8,
			"prog: symbol table lies outside the file" },
		damage{ "strings_place", shdrs + 128 + 0x18, 0xffffffffffffffff, 8,
			"prog: string table lies outside the file" }),
	[](const auto &test) { return std::string(test.param.what); });

TEST_F(loader, unterminated_symbol_name_is_no_name)
{
	bytes f = elf_file();

	put(f, shdrs + 128 + 0x20, 1 + 6, 8); // "\0tohost" without its NUL
	EXPECT_TRUE(load(f).symbols.empty());
}

TEST_F(loader, every_truncation_of_an_elf_file_is_refused)
{
	const bytes whole = elf_file();

	for (size_t n = 4; n < shdrs + 3 * 64; n++)
		EXPECT_EQ(error(bytes(whole.begin(), whole.begin() + static_cast<long>(n)))
				  .rfind("prog: ", 0),
			  0u)
			<< n;
	EXPECT_EQ(error(bytes(whole.begin(), whole.begin() + shdrs + 3 * 64)), "no error");
}

// Memory errors are what this looks for: it is at its best under a sanitizer.
TEST_F(loader, garbled_elf_files_load_or_are_refused_and_nothing_else_is_written)
{
	const unsigned seed = 20261120;
	std::mt19937 random(seed);
	unsigned refused = 0;

	SCOPED_TRACE(seed);
	for (unsigned round = 0; round < 20000; round++) {
		bytes f = elf_file();
		const size_t end = random() % 4 ? size_t{ text } : f.size();

		for (unsigned n = 1 + random() % 4; n; n--)
			f[4 + random() % (end - 4)] = static_cast<uint8_t>(random());
		if (random() % 4 == 0)
			f.resize(4 + random() % f.size());
		f.shrink_to_fit();
		refused += error(f) != "no error";
	}
	EXPECT_GT(refused, 1000u);
	EXPECT_LT(refused, 20000u);
}

// Header of the kernel's documentation, boot-image-header.
bytes linux_image(uint64_t image_size)
{
	bytes f(0x1000, 0x13);

	put(f, 0x08, 0x200000, 8); // text_offset
	put(f, 0x10, image_size, 8);
	put(f, 0x18, 0, 8); // flags
	put(f, 0x20, 2, 4); // version 0.2
	std::memcpy(f.data() + 0x30, "RISCV\0\0\0RSC\x05", 12);
	return f;
}

TEST_F(loader, linux_image_occupies_its_image_size)
{
	const vcxl::loaded_image image = load(linux_image(0x3000), 0x80400000);

	EXPECT_EQ(image.kind, vcxl::image_kind::linux_image);
	EXPECT_EQ(image.entry, 0x80400000u);
	EXPECT_EQ(image.extent.base, 0x80400000u);
	EXPECT_EQ(image.extent.size, 0x3000u);
	EXPECT_EQ(ram[0x400fff], 0x13);
	EXPECT_EQ(ram[0x401000], 0);
	EXPECT_EQ(ram[0x402fff], 0);
	EXPECT_EQ(ram[0x403000], 0xee);
}

TEST_F(loader, linux_image_goes_where_its_header_says_or_to_a_2_mib_boundary)
{
	EXPECT_EQ(load(linux_image(0x3000), vcxl::load_by_header).entry, 0x80200000u);
	EXPECT_EQ(error(linux_image(0x3000), 0x80300000),
		  "prog: a Linux image must start at a multiple of 2 MiB, not at 0x80300000");
}

TEST_F(loader, linux_image_that_does_not_fit_is_refused)
{
	EXPECT_EQ(error(linux_image(0x601000), vcxl::load_by_header),
		  "prog: needs 0x601000 bytes at 0x80200000, RAM is 0x800000 bytes at 0x80000000");
	EXPECT_EQ(load(linux_image(0), vcxl::load_by_header).extent.size, 0x1000u)
		<< "old kernels leave the size zero";
}

TEST_F(loader, big_endian_linux_image_is_refused)
{
	bytes f = linux_image(0x3000);

	put(f, 0x18, 1, 8);
	EXPECT_EQ(error(f, 0x80200000), "prog: big-endian Linux image");
}

// A PE header at 0x40 with one section: 0x800 bytes of the file from 0x400 on.
bytes linux_image_with_sections()
{
	bytes f = linux_image(0x3000);

	std::memcpy(f.data(), "MZ", 2);
	put(f, 0x3c, 0x40, 4);
	std::memcpy(f.data() + 0x40, "PE\0\0", 4);
	put(f, 0x46, 1, 2);    // sections
	put(f, 0x54, 0xa0, 2); // size of the optional header
	put(f, 0x58 + 0xa0 + 16, 0x800, 4);
	put(f, 0x58 + 0xa0 + 20, 0x400, 4);
	return f;
}

TEST_F(loader, truncated_linux_image_is_refused)
{
	bytes f = linux_image_with_sections();

	EXPECT_EQ(load(f, 0x80200000).extent.size, 0x3000u);
	f.resize(0xc00);
	EXPECT_EQ(load(f, 0x80200000).extent.size, 0x3000u);
	for (size_t size = 0xbff; size >= 0x40; size -= 7) {
		f.resize(size);
		const std::string message = error(f, 0x80200000);

		EXPECT_TRUE(message.find("prog: truncated Linux image: a section ends at 0xc00, "
					 "the file at 0x") == 0 ||
			    message.find("lies outside the file") != std::string::npos)
			<< size << ": " << message;
	}
}

TEST_F(loader, linux_images_of_other_architectures_are_refused_by_name)
{
	bytes f(0x1000);

	std::memcpy(f.data() + 0x38, "ARM\x64", 4);
	EXPECT_EQ(error(f), "prog: a Linux image for arm64, not for 64-bit RISC-V");
	f.assign(0x1000, 0);
	std::memcpy(f.data() + 0x202, "HdrS", 4);
	EXPECT_EQ(error(f), "prog: a Linux image for x86, not for 64-bit RISC-V");
}

std::string initrd_error(const std::string &file)
{
	try {
		vcxl::check_initrd("initrd", { file.begin(), file.end() });
	} catch (const vcxl::load_error &e) {
		return e.what();
	}
	return "no error";
}

TEST(initrd, that_ends_too_early_is_refused)
{
	// a file of 12 bytes whose contents look like a trailer, and the trailer
	const std::string zeros(8, '0');
	const auto header = [&zeros](const std::string &size, const std::string &name_size) {
		std::string text = "070701";

		for (unsigned field = 0; field < 13; field++)
			text += field == 6 ? size : field == 11 ? name_size : zeros;
		return text;
	};
	const std::string cpio = header("0000000c", "00000002") + std::string("a\0", 2) +
				 "TRAILER!!!" + std::string(2, '\0') + header(zeros, "0000000b") +
				 std::string("TRAILER!!!\0", 11);

	EXPECT_EQ(initrd_error(cpio), "no error");
	EXPECT_EQ(initrd_error(cpio + "whatever follows"), "no error");
	for (size_t size = 6; size < cpio.size(); size++)
		EXPECT_EQ(initrd_error(cpio.substr(0, size)),
			  "initrd: truncated cpio archive: it ends before its trailer")
			<< size;
	std::string damaged = cpio;
	damaged[112 + 12] = '1';
	EXPECT_EQ(initrd_error(damaged), "initrd: damaged cpio archive: no header at 0x7c");
	damaged = cpio;
	damaged[60] = '?';
	EXPECT_EQ(initrd_error(damaged), "initrd: damaged cpio archive: no number at 0x36");
	damaged.replace(54, 8, "-0000070"); // backwards
	EXPECT_EQ(initrd_error(damaged), "initrd: damaged cpio archive: no number at 0x36");
	EXPECT_EQ(initrd_error("whatever else the kernel knows"), "no error");
}

TEST_F(loader, compressed_kernels_are_refused_but_not_as_raw_bytes)
{
	const bytes gz = { 0x1f, 0x8b, 8, 0 };

	EXPECT_EQ(error(gz), "prog: compressed program: decompress it first");
	EXPECT_EQ(error({ 'M', 'Z', 0, 0, 'z', 'i', 'm', 'g' }),
		  "prog: compressed program: decompress it first");
	EXPECT_EQ(vcxl::load_raw("initrd", gz, 0x80000010, view).extent.size, 4u);
	EXPECT_EQ(ram[0x10], 0x1f);
}

TEST_F(loader, raw_file_goes_to_the_given_address)
{
	const vcxl::loaded_image image = load({ 1, 2, 3 }, 0x807ffffd);

	EXPECT_EQ(image.kind, vcxl::image_kind::raw);
	EXPECT_EQ(image.entry, 0x807ffffdu);
	EXPECT_EQ(ram.back(), 3);
	EXPECT_EQ(error({ 1, 2, 3 }, 0x807ffffe),
		  "prog: needs 0x3 bytes at 0x807ffffe, RAM is 0x800000 bytes at 0x80000000");
	EXPECT_EQ(error({}), "prog: empty file");
}

TEST_F(loader, files_are_read_whole_and_their_errors_name_them)
{
	const std::string path = testing::TempDir() + "vcxl_loader_test.bin";
	const std::string contents(100000, 'x');

	std::ofstream(path, std::ios::binary) << contents;
	EXPECT_EQ(vcxl::load_program(path, ram_base, view).extent.size, 100000u);
	EXPECT_EQ(ram[99999], 'x');
	std::remove(path.c_str());
	EXPECT_THROW(
		{
			try {
				vcxl::read_file(path);
			} catch (const vcxl::load_error &e) {
				EXPECT_EQ(e.what(), path + ": No such file or directory");
				throw;
			}
		},
		vcxl::load_error);
	EXPECT_THROW(vcxl::read_file("/dev/zero"), vcxl::load_error);
	EXPECT_THROW(vcxl::read_file("/"), vcxl::load_error);
}

} // namespace
