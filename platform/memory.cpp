// SPDX-License-Identifier: Apache-2.0
//
// Host memory by mmap; see memory.h.
#include "memory.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vcxl
{

namespace
{

[[noreturn]] void fail(const std::string &what)
{
	throw std::runtime_error(what + ": " + std::strerror(errno));
}

class file_descriptor
{
public:
	explicit file_descriptor(int fd) : fd_(fd) {}
	file_descriptor(const file_descriptor &) = delete;
	file_descriptor &operator=(const file_descriptor &) = delete;
	~file_descriptor()
	{
		if (fd_ >= 0)
			close(fd_);
	}
	int get() const { return fd_; }

private:
	int fd_;
};

std::string describe(const backend &b)
{
	return "-object memory-backend-file,id=" + b.id + ",mem-path=" + b.path;
}

// The file opened as the backend wants it, long enough for the mapping.
int open_file(const backend &b, bool *created)
{
	const int access = b.readonly ? O_RDONLY : O_RDWR;
	struct stat st;

	*created = false;
	int fd = open(b.path.c_str(), access | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !b.readonly) {
		fd = open(b.path.c_str(), access | O_CLOEXEC | O_CREAT | O_EXCL, 0600);
		*created = fd >= 0;
	}
	if (fd < 0)
		fail(describe(b));
	const uint64_t needed = b.offset + b.size;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    static_cast<uint64_t>(st.st_size) < needed) {
		if (b.readonly) {
			close(fd);
			throw std::runtime_error(describe(b) +
						 ": file is smaller than size and readonly");
		}
		if (ftruncate(fd, static_cast<off_t>(needed)) != 0) {
			const int error = errno;
			close(fd);
			if (*created)
				unlink(b.path.c_str());
			errno = error;
			fail(describe(b));
		}
	}
	return fd;
}

} // namespace

host_memory::host_memory(host_memory &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
      file_(other.file_), is_private_(other.is_private_)
{
}

host_memory &host_memory::operator=(host_memory &&other) noexcept
{
	std::swap(data_, other.data_);
	std::swap(size_, other.size_);
	std::swap(file_, other.file_);
	std::swap(is_private_, other.is_private_);
	return *this;
}

host_memory::~host_memory()
{
	if (data_)
		munmap(data_, size_);
}

host_memory host_memory::anonymous(uint64_t size, const std::string &what)
{
	host_memory memory;
	void *p = mmap(nullptr, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		fail(what);
	memory.data_ = static_cast<uint8_t *>(p);
	memory.size_ = size;
	return memory;
}

host_memory host_memory::of_backend(const backend &b, bool *created)
{
	*created = false;
	if (b.kind != backend_kind::file)
		return anonymous(b.size, "-object memory-backend-ram,id=" + b.id);

	const file_descriptor fd(open_file(b, created));
	// What is written to a read-only file's mapping stays in this process.
	const bool shared = b.share && !b.readonly;
	const int flags = shared ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE;
	host_memory memory;
	void *p = mmap(nullptr, b.size, PROT_READ | PROT_WRITE, flags, fd.get(),
		       static_cast<off_t>(b.offset));

	if (p == MAP_FAILED) {
		const int error = errno;
		if (*created)
			unlink(b.path.c_str());
		errno = error;
		fail(describe(b));
	}
	// Interleaved accesses jump; reading ahead in a sparse file makes a first run take seconds.
	madvise(p, b.size, MADV_RANDOM);
	memory.data_ = static_cast<uint8_t *>(p);
	memory.size_ = b.size;
	memory.file_ = shared;
	memory.is_private_ = !shared;
	return memory;
}

bool host_memory::flush(uint64_t offset, uint64_t len) const
{
	if (!file_)
		return true;
	const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
	const uint64_t first = offset / page * page;

	return msync(data_ + first, len + (offset - first), MS_SYNC) == 0;
}

bool host_memory::zero(uint64_t offset, uint64_t len)
{
	// a private mapping would show the file's bytes again
	return !is_private_ &&
	       (!len || madvise(data_ + offset, len, file_ ? MADV_REMOVE : MADV_DONTNEED) == 0);
}

std::vector<host_memory> open_backends(const std::vector<backend> &backends)
{
	std::vector<host_memory> memories;
	std::vector<std::string> created;

	try {
		for (const backend &b : backends) {
			bool is_new = false;

			memories.push_back(host_memory::of_backend(b, &is_new));
			if (is_new)
				created.push_back(b.path);
		}
	} catch (...) {
		for (const std::string &path : created)
			unlink(path.c_str());
		throw;
	}
	return memories;
}

} // namespace vcxl
