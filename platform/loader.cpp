// SPDX-License-Identifier: Apache-2.0
//
// Program loader; see loader.h. ELF: System V ABI chapters 4 and 5, RISC-V ELF psABI. No
// relocation: position-independent files run where their headers say. Files are hostile until
// checked: every read goes through file_view.
#include "loader.h"

#include <elf.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <tuple>
#include <utility>

#include <sys/stat.h>

namespace vcxl
{

namespace
{

constexpr size_t file_limit = size_t{ 1 } << 31;
constexpr uint64_t image_alignment = 0x200000;
constexpr char cpio_magic[] = "070701";
constexpr size_t cpio_magic_size = 6;
constexpr char xz_magic[] = "\xfd\x37zXZ";

std::string hex(uint64_t value)
{
	char text[24];

	std::snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return text;
}

// Bounds-checked access to a file's bytes, and the file's name for messages.
class file_view
{
public:
	file_view(const std::string &name, const std::vector<uint8_t> &bytes)
	    : name_(name), bytes_(bytes)
	{
	}
	[[noreturn]] void fail(const std::string &what) const
	{
		throw load_error(name_ + ": " + what);
	}
	uint64_t size() const { return bytes_.size(); }
	bool holds(uint64_t offset, uint64_t len) const
	{
		return offset <= size() && len <= size() - offset;
	}
	const uint8_t *at(uint64_t offset, uint64_t len, const char *what) const
	{
		if (!holds(offset, len))
			fail(std::string(what) + " lies outside the file");
		return bytes_.data() + offset;
	}
	// ELF is read as it lies: the supported files and hosts are little-endian
	template <typename type> type get(uint64_t offset, const char *what) const
	{
		type value;

		std::memcpy(&value, at(offset, sizeof(value), what), sizeof(value));
		return value;
	}
	// The string at offset, "" when it is not terminated before end.
	std::string string(uint64_t offset, uint64_t end) const
	{
		if (offset >= end || !holds(offset, end - offset))
			return "";
		const auto *text = reinterpret_cast<const char *>(bytes_.data() + offset);
		const size_t room = static_cast<size_t>(end - offset);
		const size_t len = strnlen(text, room);

		return len == room ? "" : std::string(text, len);
	}

private:
	const std::string &name_;
	const std::vector<uint8_t> &bytes_;
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "file_view::get");

uint8_t *place(const file_view &file, const ram_view &ram, uint64_t address, uint64_t size)
{
	const uint64_t offset = address - ram.base;

	if (address < ram.base || offset > ram.size || size > ram.size - offset)
		file.fail("needs " + hex(size) + " bytes at " + hex(address) + ", RAM is " +
			  hex(ram.size) + " bytes at " + hex(ram.base));
	return ram.host + offset;
}

loaded_image put_bytes(const file_view &file, const ram_view &ram, uint64_t address, uint64_t size)
{
	loaded_image image;
	uint8_t *host = place(file, ram, address, size);

	std::copy_n(file.at(0, file.size(), "contents"), file.size(), host);
	std::fill(host + file.size(), host + size, uint8_t{ 0 });
	image.entry = address;
	image.extent = { address, size };
	return image;
}

// Program headers of type PT_LOAD that occupy memory.
std::vector<Elf64_Phdr> segments(const file_view &file, const Elf64_Ehdr &header)
{
	std::vector<Elf64_Phdr> list;

	if (header.e_phnum && header.e_phentsize != sizeof(Elf64_Phdr))
		file.fail("program headers of " + std::to_string(header.e_phentsize) +
			  " bytes, expected 56");
	file.at(header.e_phoff, uint64_t{ header.e_phnum } * sizeof(Elf64_Phdr),
		"program header table");
	for (unsigned i = 0; i < header.e_phnum; i++) {
		const auto segment = file.get<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr),
							  "program header");

		if (segment.p_type != PT_LOAD || segment.p_memsz == 0)
			continue;
		if (segment.p_filesz > segment.p_memsz)
			file.fail("segment " + std::to_string(i) +
				  " is larger in the file than in memory");
		list.push_back(segment);
	}
	if (list.empty())
		file.fail("ELF file without anything to load");
	return list;
}

// Physical address of a linked one; false when no segment holds it. A symbol may also mark the end
// of a segment: then extra is 1.
bool to_physical(const std::vector<Elf64_Phdr> &list, uint64_t va, uint64_t extra, uint64_t *pa)
{
	for (const Elf64_Phdr &segment : list) {
		if (va - segment.p_vaddr < segment.p_memsz + extra) {
			*pa = va - segment.p_vaddr + segment.p_paddr;
			return true;
		}
	}
	return false;
}

bool symbol_address(const std::vector<Elf64_Phdr> &list, uint64_t va, uint64_t *pa)
{
	return to_physical(list, va, 0, pa) || to_physical(list, va, 1, pa);
}

struct elf_symbol {
	uint64_t value, size;
	unsigned char info;
	std::string name;
};

void read_symbols(const file_view &file, const Elf64_Shdr &table, const Elf64_Shdr &strings,
		  std::vector<elf_symbol> &list)
{
	const uint64_t n = table.sh_size / sizeof(Elf64_Sym);

	file.at(table.sh_offset, table.sh_size, "symbol table");
	file.at(strings.sh_offset, strings.sh_size, "string table");
	for (uint64_t i = 0; i < n; i++) {
		const auto symbol =
			file.get<Elf64_Sym>(table.sh_offset + i * sizeof(Elf64_Sym), "symbol");

		if (symbol.st_shndx == SHN_UNDEF || symbol.st_name >= strings.sh_size)
			continue;
		std::string text = file.string(strings.sh_offset + symbol.st_name,
					       strings.sh_offset + strings.sh_size);
		if (!text.empty())
			list.push_back({ symbol.st_value, symbol.st_size, symbol.st_info,
					 std::move(text) });
	}
}

std::vector<elf_symbol> symbols(const file_view &file, const Elf64_Ehdr &header)
{
	std::vector<Elf64_Shdr> sections;
	std::vector<elf_symbol> list;
	bool seen = false; // System V ABI 4.3: at most one

	if (header.e_shnum == 0)
		return list;
	if (header.e_shentsize != sizeof(Elf64_Shdr))
		file.fail("section headers of " + std::to_string(header.e_shentsize) +
			  " bytes, expected 64");
	file.at(header.e_shoff, uint64_t{ header.e_shnum } * sizeof(Elf64_Shdr),
		"section header table");
	for (unsigned i = 0; i < header.e_shnum; i++)
		sections.push_back(file.get<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr),
							"section header"));
	for (const Elf64_Shdr &section : sections) {
		if (section.sh_type != SHT_SYMTAB)
			continue;
		if (section.sh_link >= sections.size())
			file.fail("symbol table without a string table");
		if (seen)
			file.fail("more than one symbol table");
		seen = true;
		read_symbols(file, section, sections[section.sh_link], list);
	}
	return list;
}

void keep_protocol_symbols(const std::vector<elf_symbol> &list,
			   const std::vector<Elf64_Phdr> &segments, loaded_image &image)
{
	static const char *const wanted[] = { "tohost", "fromhost", "begin_signature",
					      "end_signature" };
	uint64_t pa;

	for (const elf_symbol &s : list)
		if (std::find(std::begin(wanted), std::end(wanted), s.name) != std::end(wanted) &&
		    symbol_address(segments, s.value, &pa))
			image.symbols.emplace(s.name, pa);
}

// Where the executable segment that holds va ends; 0: none does.
uint64_t code_end(const std::vector<Elf64_Phdr> &segments, uint64_t va)
{
	for (const Elf64_Phdr &s : segments)
		if ((s.p_flags & PF_X) && va - s.p_vaddr < s.p_memsz)
			return s.p_vaddr + s.p_memsz;
	return 0;
}

// Labels of the compiler and the assembler's marks ($x, $d) name nothing that anybody wrote.
bool names_code(const elf_symbol &s)
{
	const unsigned type = ELF64_ST_TYPE(s.info);

	return (type == STT_FUNC || type == STT_NOTYPE) && s.name[0] != '$' &&
	       s.name.compare(0, 2, ".L") != 0;
}

// Of several names of one address that of a function is taken, then a global one.
std::vector<code_symbol> keep_code(std::vector<elf_symbol> list,
				   const std::vector<Elf64_Phdr> &segments)
{
	std::vector<code_symbol> code;
	const auto rank = [](const elf_symbol &s) {
		return std::make_tuple(s.value, ELF64_ST_TYPE(s.info) != STT_FUNC,
				       ELF64_ST_BIND(s.info) == STB_LOCAL, s.name);
	};

	std::sort(list.begin(), list.end(),
		  [&](const elf_symbol &a, const elf_symbol &b) { return rank(a) < rank(b); });
	for (const elf_symbol &s : list) {
		const uint64_t end = code_end(segments, s.value);

		if (!end || !names_code(s) || (!code.empty() && code.back().address == s.value))
			continue;
		if (!code.empty() && code.back().end > s.value)
			code.back().end = s.value;
		code.push_back({ s.value, s.size ? s.value + s.size : end, s.name });
	}
	return code;
}

Elf64_Ehdr elf_header(const file_view &file)
{
	const auto header = file.get<Elf64_Ehdr>(0, "ELF header");

	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_RISCV)
		file.fail("not an ELF file for 64-bit RISC-V");
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		file.fail("not an executable ELF file (type " + std::to_string(header.e_type) +
			  ")");
	return header;
}

loaded_image load_elf(const file_view &file, const ram_view &ram)
{
	const Elf64_Ehdr header = elf_header(file);
	loaded_image image;
	uint64_t first = UINT64_MAX, end = 0;

	image.kind = image_kind::elf;
	const std::vector<Elf64_Phdr> list = segments(file, header);

	for (const Elf64_Phdr &segment : list) {
		uint8_t *host = place(file, ram, segment.p_paddr, segment.p_memsz);

		std::copy_n(file.at(segment.p_offset, segment.p_filesz, "segment"),
			    segment.p_filesz, host);
		std::fill(host + segment.p_filesz, host + segment.p_memsz, uint8_t{ 0 });
		first = std::min<uint64_t>(first, segment.p_paddr);
		end = std::max<uint64_t>(end, segment.p_paddr + segment.p_memsz);
	}
	image.extent = { first, end - first };
	if (!to_physical(list, header.e_entry, 0, &image.entry))
		file.fail("entry " + hex(header.e_entry) + " is in no segment");
	const std::vector<elf_symbol> names = symbols(file, header);

	keep_protocol_symbols(names, list, image);
	image.code = keep_code(names, list);
	return image;
}

bool starts_with(const file_view &file, uint64_t offset, const char *bytes, size_t len)
{
	return file.holds(offset, len) && std::memcmp(file.at(offset, len, ""), bytes, len) == 0;
}

bool is_linux_image(const file_view &file)
{
	return file.holds(0, 64) && starts_with(file, 0x38, "RSC\5", 4);
}

void refuse_foreign_linux(const file_view &file)
{
	static const struct {
		uint64_t offset;
		char magic[5];
		const char *architecture;
	} foreign[] = {
		{ 0x38, "ARM\x64", "arm64" },
		{ 0x202, "HdrS", "x86" },
		{ 0x24, "\x18\x28\x6f\x01", "arm" },
	};

	for (const auto &f : foreign)
		if (starts_with(file, f.offset, f.magic, 4))
			file.fail(std::string("a Linux image for ") + f.architecture +
				  ", not for 64-bit RISC-V");
}

// The image is a PE file, too, whose sections say how long the file has to be.
void check_linux_length(const file_view &file)
{
	constexpr uint64_t section_header = 40, coff_header = 24;

	if (!starts_with(file, 0, "MZ", 2))
		return; // built without EFI
	const auto pe = file.get<uint32_t>(0x3c, "PE header");
	const auto n = file.get<uint16_t>(pe + uint64_t{ 6 }, "PE header");
	const auto optional = file.get<uint16_t>(pe + uint64_t{ 20 }, "PE header");

	for (unsigned i = 0; i < n; i++) {
		const uint64_t at = pe + coff_header + optional + i * section_header;
		const auto size = file.get<uint32_t>(at + 16, "PE section table");
		const auto offset = file.get<uint32_t>(at + 20, "PE section table");

		if (!file.holds(offset, size))
			file.fail("truncated Linux image: a section ends at " +
				  hex(uint64_t{ offset } + size) + ", the file at " +
				  hex(file.size()));
	}
}

loaded_image load_linux_image(const file_view &file, uint64_t address, const ram_view &ram)
{
	const auto text_offset = file.get<uint64_t>(0x08, "header");
	const auto image_size = file.get<uint64_t>(0x10, "header");
	const auto flags = file.get<uint64_t>(0x18, "header");

	if (flags & 1)
		file.fail("big-endian Linux image");
	check_linux_length(file);
	if (address == load_by_header)
		address = ram.base + text_offset;
	if (address % image_alignment)
		file.fail("a Linux image must start at a multiple of 2 MiB, not at " +
			  hex(address));
	// image_size covers what the kernel clears behind the file
	loaded_image image = put_bytes(file, ram, address, std::max(image_size, file.size()));

	image.kind = image_kind::linux_image;
	return image;
}

void refuse_compressed(const file_view &file)
{
	if (starts_with(file, 0, "\x1f\x8b", 2) ||
	    starts_with(file, 0, xz_magic, sizeof(xz_magic) - 1) ||
	    starts_with(file, 0, "\x28\xb5\x2f\xfd", 4) || starts_with(file, 4, "zimg", 4))
		file.fail("compressed program: decompress it first");
}

// Eight hexadecimal digits of a cpio header.
uint64_t cpio_field(const file_view &file, uint64_t offset)
{
	const uint8_t *digits = file.at(offset, 8, "truncated cpio archive: a header");
	const std::string text(digits, digits + 8);

	if (text.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
		file.fail("damaged cpio archive: no number at " + hex(offset));
	return std::stoull(text, nullptr, 16);
}

// The format "newc" from the first header to the trailer; what follows may be anything (the kernel
// takes several archives, one after the other).
void check_cpio(const file_view &file)
{
	constexpr uint64_t header = 110, size_at = 54, name_size_at = 94;
	const auto padded = [](uint64_t size) { return (size + 3) & ~uint64_t{ 3 }; };

	for (uint64_t at = 0;;) {
		if (!file.holds(at, header))
			file.fail("truncated cpio archive: it ends before its trailer");
		if (!starts_with(file, at, cpio_magic, cpio_magic_size))
			file.fail("damaged cpio archive: no header at " + hex(at));
		const uint64_t size = cpio_field(file, at + size_at);
		const uint64_t name = at + header, name_size = cpio_field(file, at + name_size_at);

		if (file.string(name, name + name_size) == "TRAILER!!!")
			return;
		at = padded(padded(name + name_size) + size);
	}
}

struct file_closer {
	void operator()(std::FILE *file) const { std::fclose(file); }
};

} // namespace

std::vector<uint8_t> read_file(const std::string &path)
{
	const std::unique_ptr<std::FILE, file_closer> file(std::fopen(path.c_str(), "rb"));
	std::vector<uint8_t> bytes;
	uint8_t chunk[65536];
	struct stat info;
	size_t n;

	if (!file || fstat(fileno(file.get()), &info))
		throw load_error(path + ": " + std::strerror(errno));
	if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode))
		throw load_error(path + ": not a regular file");
	while ((n = std::fread(chunk, 1, sizeof(chunk), file.get())) > 0) {
		if (n > file_limit - bytes.size())
			throw load_error(path + ": larger than 2 GiB");
		bytes.insert(bytes.end(), chunk, chunk + n);
	}
	if (std::ferror(file.get()))
		throw load_error(path + ": " + std::strerror(errno));
	return bytes;
}

image_kind kind_of(const std::vector<uint8_t> &bytes)
{
	const std::string unnamed;
	const file_view file(unnamed, bytes);

	if (starts_with(file, 0, ELFMAG, SELFMAG))
		return image_kind::elf;
	return is_linux_image(file) ? image_kind::linux_image : image_kind::raw;
}

void check_initrd(const std::string &name, const std::vector<uint8_t> &bytes)
{
	const file_view file(name, bytes);

	if (starts_with(file, 0, cpio_magic, cpio_magic_size))
		check_cpio(file);
}

loaded_image load_program(const std::string &path, uint64_t address, const ram_view &ram)
{
	return load_program(path, read_file(path), address, ram);
}

loaded_image load_program(const std::string &name, const std::vector<uint8_t> &bytes,
			  uint64_t address, const ram_view &ram)
{
	const file_view file(name, bytes);

	switch (kind_of(bytes)) {
	case image_kind::elf:
		return load_elf(file, ram);
	case image_kind::linux_image:
		return load_linux_image(file, address, ram);
	case image_kind::raw:
		break;
	}
	refuse_foreign_linux(file);
	refuse_compressed(file);
	return load_raw(name, bytes, address, ram);
}

loaded_image load_raw(const std::string &name, const std::vector<uint8_t> &bytes, uint64_t address,
		      const ram_view &ram)
{
	const file_view file(name, bytes);

	if (bytes.empty())
		file.fail("empty file");
	return put_bytes(file, ram, address, file.size());
}

std::vector<code_symbol> elf_code(const std::string &name, const std::vector<uint8_t> &bytes)
{
	const file_view file(name, bytes);
	const Elf64_Ehdr header = elf_header(file);

	return keep_code(symbols(file, header), segments(file, header));
}

} // namespace vcxl
