// SPDX-License-Identifier: Apache-2.0
//
// Files of drives; see drive.h.
#include "drive.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vcxl
{

drive_file::drive_file(const drive &d)
    : fd_(open(d.path.c_str(), (d.readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC)), size_(0), drive_(d)
{
	struct stat st;

	if (fd_ < 0 || fstat(fd_, &st) != 0) {
		const std::string why = std::strerror(errno);

		if (fd_ >= 0)
			close(fd_);
		throw std::runtime_error("-drive file=" + d.path + ": " + why);
	}
	size_ = static_cast<uint64_t>(st.st_size);
}

drive_file::drive_file(drive_file &&other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_(other.size_), drive_(std::move(other.drive_))
{
}

drive_file::~drive_file()
{
	if (fd_ >= 0)
		close(fd_);
}

vcxl_blk_media drive_file::media()
{
	vcxl_blk_media media{};

	media.ctx = this;
	media.size = size_;
	media.read_only = drive_.readonly;
	media.cached = drive_.writeback;
	media.read = [](void *ctx, uint64_t offset, void *data, uint32_t len) {
		return static_cast<drive_file *>(ctx)->read(offset, data, len);
	};
	media.write = [](void *ctx, uint64_t offset, const void *data, uint32_t len) {
		return static_cast<drive_file *>(ctx)->write(offset, data, len);
	};
	media.zero = [](void *ctx, uint64_t offset, uint64_t len) {
		return static_cast<drive_file *>(ctx)->zero(offset, len);
	};
	media.flush = [](void *ctx) { return static_cast<drive_file *>(ctx)->flush(); };
	return media;
}

bool drive_file::read(uint64_t offset, void *data, uint32_t len) const
{
	return pread(fd_, data, len, static_cast<off_t>(offset)) == static_cast<ssize_t>(len);
}

bool drive_file::write(uint64_t offset, const void *data, uint32_t len) const
{
	return pwrite(fd_, data, len, static_cast<off_t>(offset)) == static_cast<ssize_t>(len);
}

// Where the file system cannot make a hole, zeros are written: the guest reads the same.
bool drive_file::zero(uint64_t offset, uint64_t len) const
{
	static const uint8_t zeros[4096] = {};

	if (!len || fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      static_cast<off_t>(offset), static_cast<off_t>(len)) == 0)
		return true;
	for (uint64_t at = 0; at < len; at += sizeof(zeros)) {
		const uint64_t n = std::min<uint64_t>(len - at, sizeof(zeros));

		if (!write(offset + at, zeros, static_cast<uint32_t>(n)))
			return false;
	}
	return true;
}

bool drive_file::flush() const
{
	return drive_.readonly || fdatasync(fd_) == 0;
}

std::vector<drive_file> open_drives(const std::vector<drive> &drives)
{
	std::vector<drive_file> files;

	for (const drive &d : drives)
		files.emplace_back(d);
	return files;
}

} // namespace vcxl
