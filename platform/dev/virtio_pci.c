/* SPDX-License-Identifier: Apache-2.0 */
/* Virtio over PCI; see virtio_pci.h. */
#include "virtio_pci.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include <vcxl/bits.h>

#define VENDOR             0x1af4u
#define COMMAND            0x04u
#define COMMAND_BUS_MASTER VCXL_BIT(2)

/* places in BAR0 */
#define BAR_SIZE        0x4000u
#define REGION          0x1000u
#define COMMON_SIZE     0x38u
#define NOTIFY_MULTIPLY 4u
#define BAR_MSIX_SIZE   0x1000u

/* Virtio 1.2 6 */
#define F_INDIRECT VCXL_BIT(28)
#define F_EVENT    VCXL_BIT(29)
#define F_VERSION  VCXL_BIT(32)

/* Virtio 1.2 2.1 */
#define S_DRIVER_OK   0x04u
#define S_FEATURES_OK 0x08u
#define S_NEEDS_RESET 0x40u

#define ISR_QUEUE  1u
#define ISR_CONFIG 2u
#define NO_VECTOR  0xffffu
#define N_VECTORS  (VCXL_VIRTIO_MAX_QUEUES + 1)

enum region {
	REGION_COMMON,
	REGION_ISR,
	REGION_DEVICE,
	REGION_NOTIFY
};

/* ---- state ---- */

static void reset_device(struct vcxl_virtio *v)
{
	v->accepted = 0;
	v->offered_select = v->accepted_select = 0;
	v->status = v->isr = 0;
	v->config_vector = NO_VECTOR;
	v->queue_select = 0;
	v->notified = 0;
	for (unsigned i = 0; i < VCXL_VIRTIO_MAX_QUEUES; i++)
		v->queues[i] = (struct vcxl_virtq){ .size = VCXL_VIRTQ_MAX, .vector = NO_VECTOR };
	if (v->kind->reset)
		v->kind->reset(v);
}

static void signal_driver(struct vcxl_virtio *v, uint8_t cause, uint16_t vector)
{
	v->isr |= cause;
	if (vector != NO_VECTOR)
		vcxl_pci_raise(&v->pci, vector);
}

static void fail(struct vcxl_virtio *v)
{
	v->status |= S_NEEDS_RESET;
	if (v->status & S_DRIVER_OK)
		signal_driver(v, ISR_CONFIG, v->config_vector);
}

/* NULL when there is none of that number. */
static struct vcxl_virtq *selected(struct vcxl_virtio *v)
{
	return v->queue_select < v->kind->n_queues ? &v->queues[v->queue_select] : NULL;
}

static bool ready(const struct vcxl_virtio *v, unsigned queue)
{
	return !v->kind->ready || v->kind->ready(v, queue);
}

/* False: broken. */
static bool serve_queue(struct vcxl_virtio *v, unsigned queue)
{
	const struct vcxl_dma *dma = &v->wires.dma;
	struct vcxl_virtq *q = &v->queues[queue];
	enum vcxl_virtq_result result = VCXL_VIRTQ_EMPTY;
	bool wants;

	while (ready(v, queue) &&
	       (result = vcxl_virtq_take(q, dma, &v->chain)) == VCXL_VIRTQ_TAKEN) {
		uint32_t written = 0;

		if (!v->kind->serve(v, queue, &v->chain, &written) ||
		    !vcxl_virtq_give(q, dma, v->chain.head, written))
			return false;
	}
	if (result == VCXL_VIRTQ_BROKEN || !vcxl_virtq_wants_interrupt(q, dma, &wants))
		return false;
	if (wants)
		signal_driver(v, ISR_QUEUE, q->vector);
	return true;
}

void vcxl_virtio_run(struct vcxl_virtio *v)
{
	const uint64_t command = vcxl_block_get(&v->pci.config, COMMAND, 2);

	if (!(v->status & S_DRIVER_OK) || !(command & COMMAND_BUS_MASTER))
		return;
	for (unsigned i = 0; i < v->kind->n_queues && !(v->status & S_NEEDS_RESET); i++) {
		if (!(v->notified >> i & 1) || !v->queues[i].enabled)
			continue;
		v->notified &= ~(1u << i);
		if (!serve_queue(v, i))
			fail(v);
	}
}

void vcxl_virtio_became_ready(struct vcxl_virtio *v, unsigned queue)
{
	v->notified |= 1u << queue;
	v->wires.notified(v->wires.ctx);
}

/* ---- common configuration, Virtio 1.2 4.1.4.3 ---- */

static uint64_t get_offered_select(struct vcxl_virtio *v)
{
	return v->offered_select;
}

static void set_offered_select(struct vcxl_virtio *v, uint32_t value)
{
	v->offered_select = value;
}

static uint64_t get_offered(struct vcxl_virtio *v)
{
	return v->offered_select < 2 ? v->offered >> 32 * v->offered_select : 0;
}

static uint64_t get_accepted_select(struct vcxl_virtio *v)
{
	return v->accepted_select;
}

static void set_accepted_select(struct vcxl_virtio *v, uint32_t value)
{
	v->accepted_select = value;
}

static uint64_t get_accepted(struct vcxl_virtio *v)
{
	return v->accepted_select < 2 ? v->accepted >> 32 * v->accepted_select : 0;
}

static void set_accepted(struct vcxl_virtio *v, uint32_t value)
{
	if (v->accepted_select == 0 && !(v->status & S_FEATURES_OK))
		v->accepted = vcxl_field_set(v->accepted, 31, 0, value);
	else if (v->accepted_select == 1 && !(v->status & S_FEATURES_OK))
		v->accepted = vcxl_field_set(v->accepted, 63, 32, value);
}

static uint64_t get_config_vector(struct vcxl_virtio *v)
{
	return v->config_vector;
}

static void set_config_vector(struct vcxl_virtio *v, uint32_t value)
{
	v->config_vector = value < N_VECTORS ? (uint16_t)value : NO_VECTOR;
}

static uint64_t get_n_queues(struct vcxl_virtio *v)
{
	return v->kind->n_queues;
}

static uint64_t get_status(struct vcxl_virtio *v)
{
	return v->status;
}

/* 0 resets. Features that were not offered, or no VERSION_1, keep FEATURES_OK from being set. */
static void set_status(struct vcxl_virtio *v, uint32_t value)
{
	if (!value) {
		reset_device(v);
		return;
	}
	if ((v->accepted & ~v->offered) || !(v->accepted & F_VERSION))
		value &= ~S_FEATURES_OK;
	v->status = (uint8_t)(v->status & S_NEEDS_RESET) | (uint8_t)value;
}

static uint64_t get_zero(struct vcxl_virtio *v)
{
	(void)v;
	return 0;
}

static uint64_t get_queue_select(struct vcxl_virtio *v)
{
	return v->queue_select;
}

static void set_queue_select(struct vcxl_virtio *v, uint32_t value)
{
	v->queue_select = (uint16_t)value;
}

static uint64_t get_queue_size(struct vcxl_virtio *v)
{
	return selected(v) ? selected(v)->size : 0;
}

static void set_queue_size(struct vcxl_virtio *v, uint32_t value)
{
	struct vcxl_virtq *q = selected(v);

	if (q && !q->enabled && vcxl_is_pow2(value) && value <= VCXL_VIRTQ_MAX)
		q->size = (uint16_t)value;
}

static uint64_t get_queue_vector(struct vcxl_virtio *v)
{
	return selected(v) ? selected(v)->vector : NO_VECTOR;
}

static void set_queue_vector(struct vcxl_virtio *v, uint32_t value)
{
	if (selected(v))
		selected(v)->vector = value < N_VECTORS ? (uint16_t)value : NO_VECTOR;
}

static uint64_t get_queue_enable(struct vcxl_virtio *v)
{
	return selected(v) && selected(v)->enabled;
}

static void set_queue_enable(struct vcxl_virtio *v, uint32_t value)
{
	struct vcxl_virtq *q = selected(v);

	if (!q || value != 1)
		return;
	q->enabled = true;
	q->indirect = v->accepted & F_INDIRECT;
	q->event_idx = v->accepted & F_EVENT;
}

static uint64_t get_notify_off(struct vcxl_virtio *v)
{
	return v->queue_select;
}

/* The six halves of the areas' addresses. */
#define AREA(name, first, last)                                                                    \
	static uint64_t get_##name##_##first(struct vcxl_virtio *v)                                \
	{                                                                                          \
		return selected(v) ? vcxl_field_get(selected(v)->name, last, first) : 0;           \
	}                                                                                          \
	static void set_##name##_##first(struct vcxl_virtio *v, uint32_t value)                    \
	{                                                                                          \
		struct vcxl_virtq *q = selected(v);                                                \
		if (q && !q->enabled)                                                              \
			q->name = vcxl_field_set(q->name, last, first, value);                     \
	}
AREA(desc, 0, 31)
AREA(desc, 32, 63)
AREA(driver, 0, 31)
AREA(driver, 32, 63)
AREA(device, 0, 31)
AREA(device, 32, 63)
#undef AREA

struct field {
	uint8_t offset, width;
	uint64_t (*get)(struct vcxl_virtio *v);
	void (*set)(struct vcxl_virtio *v, uint32_t value); /* NULL: read-only */
};

static const struct field fields[] = {
	{ 0x00, 4, get_offered_select, set_offered_select },
	{ 0x04, 4, get_offered, NULL },
	{ 0x08, 4, get_accepted_select, set_accepted_select },
	{ 0x0c, 4, get_accepted, set_accepted },
	{ 0x10, 2, get_config_vector, set_config_vector },
	{ 0x12, 2, get_n_queues, NULL },
	{ 0x14, 1, get_status, set_status },
	{ 0x15, 1, get_zero, NULL }, /* config_generation: nothing changes by itself */
	{ 0x16, 2, get_queue_select, set_queue_select },
	{ 0x18, 2, get_queue_size, set_queue_size },
	{ 0x1a, 2, get_queue_vector, set_queue_vector },
	{ 0x1c, 2, get_queue_enable, set_queue_enable },
	{ 0x1e, 2, get_notify_off, NULL },
	{ 0x20, 4, get_desc_0, set_desc_0 },
	{ 0x24, 4, get_desc_32, set_desc_32 },
	{ 0x28, 4, get_driver_0, set_driver_0 },
	{ 0x2c, 4, get_driver_32, set_driver_32 },
	{ 0x30, 4, get_device_0, set_device_0 },
	{ 0x34, 4, get_device_32, set_device_32 },
};

/* NULL where nothing begins, or not of that width: Virtio 1.2 4.1.3.1 demands natural accesses. */
static const struct field *find_field(uint32_t offset, unsigned width)
{
	for (unsigned i = 0; i < VCXL_ARRAY_LEN(fields); i++)
		if (fields[i].offset == offset && fields[i].width == width)
			return &fields[i];
	return NULL;
}

/* ---- accesses ---- */

static uint64_t read_bar(struct vcxl_virtio *v, uint32_t offset, unsigned width)
{
	const uint32_t at = offset % REGION;
	const struct field *field;
	uint64_t value = 0;

	switch ((enum region)(offset / REGION)) {
	case REGION_COMMON:
		field = find_field(at, width);
		return field ? field->get(v) & VCXL_MASK(8 * width - 1, 0) : 0;
	case REGION_ISR:
		if (at)
			return 0;
		value = v->isr;
		v->isr = 0;
		return value;
	case REGION_DEVICE:
		for (unsigned i = 0; i < width && at + i < v->kind->config_size; i++)
			value |= (uint64_t)v->kind->get(v, at + i) << 8 * i;
		return value;
	case REGION_NOTIFY:
		break;
	}
	return 0;
}

static void write_bar(struct vcxl_virtio *v, uint32_t offset, unsigned width, uint64_t value)
{
	const uint32_t at = offset % REGION;
	const struct field *field;

	switch ((enum region)(offset / REGION)) {
	case REGION_COMMON:
		field = find_field(at, width);
		if (field && field->set)
			field->set(v, (uint32_t)value);
		break;
	case REGION_DEVICE:
		for (unsigned i = 0; i < width && at + i < v->kind->config_size; i++)
			if (v->kind->set)
				v->kind->set(v, at + i, (uint8_t)(value >> 8 * i));
		break;
	case REGION_NOTIFY:
		if (at % NOTIFY_MULTIPLY || at / NOTIFY_MULTIPLY >= v->kind->n_queues)
			break;
		vcxl_virtio_became_ready(v, at / NOTIFY_MULTIPLY);
		break;
	case REGION_ISR:
		break;
	}
}

static bool in_bar(uint32_t offset, unsigned width)
{
	return vcxl_range_inside(offset, width, 0, BAR_SIZE) && offset % width == 0;
}

enum vcxl_status vcxl_virtio_read(struct vcxl_virtio *v, enum vcxl_space space, uint32_t offset,
				  unsigned width, uint64_t *value)
{
	*value = 0;
	if (space == VCXL_SPACE_CONFIG)
		return vcxl_block_read(&v->pci.config, offset, width, value);
	if (space == VCXL_SPACE_MSIX)
		return vcxl_pci_msix_read(&v->pci, offset, width, value);
	if (!in_bar(offset, width))
		return VCXL_E_ACCESS;
	*value = read_bar(v, offset, width);
	return VCXL_OK;
}

enum vcxl_status vcxl_virtio_write(struct vcxl_virtio *v, enum vcxl_space space, uint32_t offset,
				   unsigned width, uint64_t value)
{
	if (space == VCXL_SPACE_CONFIG)
		return vcxl_block_write(&v->pci.config, offset, width, value);
	if (space == VCXL_SPACE_MSIX)
		return vcxl_pci_msix_write(&v->pci, offset, width, value);
	if (!in_bar(offset, width))
		return VCXL_E_ACCESS;
	write_bar(v, offset, width, value);
	return VCXL_OK;
}

/* ---- life ---- */

/* clang-format off */
/* Virtio 1.2 4.1.4; where in BAR0, set for each of them */
static const struct vcxl_reg capability_regs[] = {
	VCXL_REG8 (0x02, "cap_len",               .reset = 16),
	VCXL_REG8 (0x03, "cfg_type",              .reset = 0),
	VCXL_REG8 (0x04, "bar",                   .reset = 0),
	VCXL_REG32(0x08, "offset",                .reset = 0),
	VCXL_REG32(0x0c, "length",                .reset = 0),
};
static const struct vcxl_reg notify_regs[] = {
	VCXL_REG8 (0x02, "cap_len",               .reset = 20),
	VCXL_REG8 (0x03, "cfg_type",              .reset = 2),
	VCXL_REG8 (0x04, "bar",                   .reset = 0),
	VCXL_REG32(0x08, "offset",                .reset = REGION_NOTIFY * REGION),
	VCXL_REG32(0x0c, "length",                .reset = REGION),
	VCXL_REG32(0x10, "notify_off_multiplier", .reset = NOTIFY_MULTIPLY),
};
/* clang-format on */

#define CAPABILITY 0x09 /* vendor-specific */

static void add_capability(struct vcxl_virtio *v, uint16_t at, uint8_t type, enum region region,
			   uint32_t length)
{
	vcxl_pci_add_capability(&v->pci, CAPABILITY, at, capability_regs,
				VCXL_ARRAY_LEN(capability_regs), v);
	vcxl_block_set_reset(&v->pci.config, at + 3u, 1, type);
	vcxl_block_set_reset(&v->pci.config, at + 8u, 4, region * REGION);
	vcxl_block_set_reset(&v->pci.config, at + 12u, 4, length);
}

void vcxl_virtio_init(struct vcxl_virtio *v, const struct vcxl_virtio_kind *kind, void *device,
		      uint64_t features, const struct vcxl_virtio_wires *wires)
{
	const struct vcxl_pci_identity identity = {
		.vendor = VENDOR,
		.device = (uint16_t)(0x1040 + kind->id),
		.subsystem_vendor = VENDOR,
		.subsystem = 0x1100,
		.class_code = kind->class_code,
		.revision = 1,
	};

	assert(kind->n_queues <= VCXL_VIRTIO_MAX_QUEUES);
	memset(v, 0, sizeof(*v));
	v->kind = kind;
	v->device = device;
	v->wires = *wires;
	v->offered = features | F_INDIRECT | F_EVENT | F_VERSION;
	vcxl_pci_init(&v->pci, &identity, &v->wires.irq);
	vcxl_pci_set_bar(&v->pci, 0, BAR_SIZE, VCXL_SPACE_DEVICE);
	vcxl_pci_set_bar(&v->pci, 4, BAR_MSIX_SIZE, VCXL_SPACE_MSIX);
	vcxl_pci_add_msix(&v->pci, 0x40, N_VECTORS);
	add_capability(v, 0x50, 1, REGION_COMMON, COMMON_SIZE);
	vcxl_pci_add_capability(&v->pci, CAPABILITY, 0x60, notify_regs, VCXL_ARRAY_LEN(notify_regs),
				v);
	add_capability(v, 0x74, 3, REGION_ISR, 1);
	if (kind->config_size)
		add_capability(v, 0x84, 4, REGION_DEVICE, kind->config_size);
	reset_device(v);
}

void vcxl_virtio_reset(struct vcxl_virtio *v, enum vcxl_reset kind)
{
	vcxl_pci_reset(&v->pci, kind);
	reset_device(v);
}
