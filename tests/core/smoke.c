/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core from plain C: a memory device below a root port below a host bridge, decoders committed
 * by register writes, bytes there and back. Returns the line that failed, else 0. Offsets are those
 * of CXL r3.1 8.2.4.20 behind the capability array at 0x1000, found as software finds them.
 */
#include <string.h>

#include <vcxl/memdev.h>
#include <vcxl/port.h>
#include <vcxl/route.h>

#define SIZE 0x10000000u
#define BASE 0x1000000000u

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__;                                                           \
	} while (0)

struct media {
	uint64_t offset, value;
};

static enum vcxl_status media_write(void *ctx, uint64_t offset, const void *src, uint32_t len)
{
	struct media *media = ctx;

	if (len != sizeof(media->value))
		return VCXL_E_MEDIA;
	media->offset = offset;
	memcpy(&media->value, src, len);
	return VCXL_OK;
}

static enum vcxl_status media_read(void *ctx, uint64_t offset, void *dst, uint32_t len)
{
	const struct media *media = ctx;

	if (len != sizeof(media->value) || offset != media->offset)
		return VCXL_E_MEDIA;
	memcpy(dst, &media->value, len);
	return VCXL_OK;
}

static uint32_t find_hdm(struct vcxl_memdev *md)
{
	uint64_t entry;

	for (uint32_t offset = 0x1004; offset < 0x1080; offset += 4)
		if (!vcxl_memdev_reg_read(md, VCXL_SPACE_COMPONENT, offset, 4, &entry) &&
		    (entry & 0xffff) == 5)
			return 0x1000 + (uint32_t)(entry >> 20);
	return 0;
}

static int commit(struct vcxl_memdev *md)
{
	const uint32_t hdm = find_hdm(md);
	const uint32_t dvsec = vcxl_pci_find_dvsec(vcxl_memdev_pci(md), 0);
	const struct {
		enum vcxl_space space;
		uint32_t offset;
		uint64_t value;
	} writes[] = {
		{ VCXL_SPACE_COMPONENT, hdm + 0x14, BASE >> 32 },
		{ VCXL_SPACE_COMPONENT, hdm + 0x18, SIZE },
		{ VCXL_SPACE_COMPONENT, hdm + 0x20, 0x1200 },
		{ VCXL_SPACE_COMPONENT, hdm + 0x04, 2 },
		{ VCXL_SPACE_CONFIG, dvsec + 0x0c, 4 },
	};
	uint64_t control;

	CHECK(hdm && dvsec);
	for (unsigned i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		CHECK(!vcxl_memdev_reg_write(md, writes[i].space, writes[i].offset, 4,
					     writes[i].value));
	CHECK(!vcxl_memdev_reg_read(md, VCXL_SPACE_COMPONENT, hdm + 0x20, 4, &control));
	CHECK(control == 0x1600);
	return 0;
}

static int round_trip(struct vcxl_port *bridge, const struct media *media)
{
	struct vcxl_window window = { .base = BASE, .size = SIZE, .targets = { bridge } };
	const struct vcxl_host host = { .windows = &window, .n_windows = 1 };
	uint64_t value = 0x0123456789abcdef;
	struct vcxl_xfer xfer = { .data = &value, .len = sizeof(value), .write = true };

	CHECK(!vcxl_interleave_make(1, 256, &window.interleave));
	CHECK(!vcxl_window_check(&window));
	CHECK(!vcxl_host_access(&host, BASE + 0x1238, &xfer));
	CHECK(xfer.dpa == 0x1238 && media->offset == 0x1238);
	value = 0;
	xfer.write = false;
	CHECK(!vcxl_host_access(&host, BASE + 0x1238, &xfer));
	CHECK(value == 0x0123456789abcdef);
	CHECK(vcxl_host_access(&host, BASE + SIZE, &xfer) == VCXL_E_UNROUTED);
	return 0;
}

int main(void)
{
	struct media media = { 0 };
	const struct vcxl_memdev_config memdev_config = {
		.media = { { .size = SIZE,
			     .ctx = &media,
			     .read = media_read,
			     .write = media_write } },
		.serial = 1,
		.link = { .speed = 5, .width = 16 },
	};
	const struct vcxl_port_config bridge_config = { .kind = VCXL_PORT_HOST_BRIDGE };
	const struct vcxl_port_config root_config = { .kind = VCXL_PORT_ROOT,
						      .link = { .speed = 5, .width = 16 } };
	struct vcxl_memdev *md;
	struct vcxl_port *bridge, *root;
	int line;

	CHECK(!vcxl_memdev_create(&memdev_config, NULL, &md));
	CHECK(!vcxl_port_create(&bridge_config, NULL, &bridge));
	CHECK(!vcxl_port_create(&root_config, NULL, &root));
	CHECK(vcxl_port_add_dport(bridge, 0, root, NULL) == 0);
	CHECK(vcxl_port_add_dport(root, 0, NULL, md) == 0);
	line = commit(md);
	if (!line)
		line = round_trip(bridge, &media);
	vcxl_port_destroy(bridge);
	vcxl_port_destroy(root);
	vcxl_memdev_destroy(md);
	return line;
}
