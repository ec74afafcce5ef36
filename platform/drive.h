// SPDX-License-Identifier: Apache-2.0
//
// The file behind a -drive: bytes by offset, nothing in between.
#ifndef VCXL_PLATFORM_DRIVE_H
#define VCXL_PLATFORM_DRIVE_H

#include <cstdint>
#include <string>
#include <vector>

#include <virtio_blk.h>

#include "machine.h"

namespace vcxl
{

class drive_file
{
public:
	// Throws std::runtime_error that names the file.
	explicit drive_file(const drive &d);
	drive_file(drive_file &&other) noexcept;
	drive_file(const drive_file &) = delete;
	~drive_file();

	// Borrows this object, which must stay where it is.
	vcxl_blk_media media();
	bool flush() const;

private:
	bool read(uint64_t offset, void *data, uint32_t len) const;
	bool write(uint64_t offset, const void *data, uint32_t len) const;
	bool zero(uint64_t offset, uint64_t len) const;

	int fd_;
	uint64_t size_;
	drive drive_;
};

std::vector<drive_file> open_drives(const std::vector<drive> &drives);

} // namespace vcxl

#endif
