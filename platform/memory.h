// SPDX-License-Identifier: Apache-2.0
//
// Host memory for guest RAM, media and label storage. Pages that the guest never touches cost
// nothing. What is written to a shared file survives the end of the process, however it ends; a
// flush makes it survive the host as well.
#ifndef VCXL_PLATFORM_MEMORY_H
#define VCXL_PLATFORM_MEMORY_H

#include <cstdint>
#include <string>
#include <vector>

#include "machine.h"

namespace vcxl
{

// A mapping that lives as long as the object.
class host_memory
{
public:
	host_memory() = default;
	host_memory(host_memory &&other) noexcept;
	host_memory &operator=(host_memory &&other) noexcept;
	host_memory(const host_memory &) = delete;
	~host_memory();

	// Zero-filled anonymous memory. Throws std::runtime_error that names `what`.
	static host_memory anonymous(uint64_t size, const std::string &what);
	// As the backend says. A file that does not exist is created, one that is too small is
	// extended (neither when readonly). *created tells whether the file is new.
	static host_memory of_backend(const backend &b, bool *created);

	uint8_t *data() const { return data_; }
	uint64_t size() const { return size_; }
	// msync of [offset, offset+len); false on error
	bool flush(uint64_t offset, uint64_t len) const;
	// Gives whole pages back to the host: they read as zeroes. false where it cannot.
	bool zero(uint64_t offset, uint64_t len);

private:
	uint8_t *data_ = nullptr;
	uint64_t size_ = 0;
	bool file_ = false;       // shared
	bool is_private_ = false; // of a file
};

// All backends of a machine. When one cannot be opened, files that were created for the others are
// removed again and the error is thrown.
std::vector<host_memory> open_backends(const std::vector<backend> &backends);

} // namespace vcxl

#endif
