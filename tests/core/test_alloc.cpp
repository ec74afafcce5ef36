// SPDX-License-Identifier: Apache-2.0
//
// Creation when memory runs out: the n-th allocation fails, for every n until creation succeeds.
// The linker leads calloc and malloc of the core here.
#include <cstddef>

#include "core_objects.h"

namespace
{
int fail_in = -1; // allocations until one fails; negative: never

bool fails()
{
	return fail_in >= 0 && fail_in-- == 0;
}
} // namespace

extern "C" {
void *__real_calloc(std::size_t n, std::size_t size);
void *__real_malloc(std::size_t size);
void *__wrap_calloc(std::size_t n, std::size_t size);
void *__wrap_malloc(std::size_t size);

void *__wrap_calloc(std::size_t n, std::size_t size)
{
	return fails() ? nullptr : __real_calloc(n, size);
}

void *__wrap_malloc(std::size_t size)
{
	return fails() ? nullptr : __real_malloc(size);
}
}

namespace
{

// Number of allocations that had to succeed; each failure before was reported whole.
template <class Create> int failures_before_success(Create create)
{
	for (int n = 0; n < 100; n++) {
		fail_in = n;
		const vcxl_status status = create();
		fail_in = -1;
		if (status == VCXL_OK)
			return n;
		EXPECT_EQ(status, VCXL_E_NOMEM);
	}
	return -1;
}

TEST(out_of_memory, a_port_is_one_allocation_or_none)
{
	const vcxl_port_config config = test::port_config(VCXL_PORT_UPSTREAM);
	vcxl_port *port = nullptr;

	EXPECT_EQ(failures_before_success([&] {
			  const vcxl_status status = vcxl_port_create(&config, nullptr, &port);
			  EXPECT_EQ(port != nullptr, status == VCXL_OK);
			  return status;
		  }),
		  1);
	vcxl_port_destroy(port);
}

TEST(out_of_memory, a_memory_device_is_one_allocation_or_none)
{
	vcxl_memdev_config config{};
	vcxl_memdev *memdev = nullptr;

	config.serial = 1;
	config.link = { 5, 16, false };
	config.media[0].size = test::unit;
	config.media[0].read = [](void *, std::uint64_t, void *, std::uint32_t) { return VCXL_OK; };
	config.media[0].write = [](void *, std::uint64_t, const void *, std::uint32_t) {
		return VCXL_OK;
	};
	config.dc.n_regions = 1;
	config.dc.regions[0].len = test::unit;
	EXPECT_EQ(failures_before_success([&] {
			  const vcxl_status status = vcxl_memdev_create(&config, nullptr, &memdev);
			  EXPECT_EQ(memdev != nullptr, status == VCXL_OK);
			  return status;
		  }),
		  1);
	vcxl_memdev_destroy(memdev);
}

TEST(out_of_memory, a_pool_of_memory_backends_is_one_allocation_or_none)
{
	vcxl_dc_pool *pool = nullptr;

	EXPECT_EQ(failures_before_success([&] {
			  const vcxl_status status = vcxl_dc_pool_create(100, &pool);
			  EXPECT_EQ(pool != nullptr, status == VCXL_OK);
			  return status;
		  }),
		  1);
	vcxl_dc_pool_destroy(pool);
}

} // namespace
