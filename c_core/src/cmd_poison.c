/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Poison list, poison injection and media scan. CXL r3.1 8.2.9.9.4. The device knows what is
 * poisoned at any time; a scan adds to the list what did not fit when it was full.
 */
#include <assert.h>
#include <string.h>

#include <vcxl/bits.h>
#include <vcxl/le.h>

#include "memdev.h"

#define LIST_MORE       VCXL_BIT(0) /* Get Poison List output flags */
#define LIST_OVERFLOW   VCXL_BIT(1)
#define LIST_SCANNING   VCXL_BIT(2)
#define RESULTS_MORE    VCXL_BIT(0) /* Get Scan Media Results output flags */
#define RESULTS_STOPPED VCXL_BIT(1)
#define SCAN_QUIET      VCXL_BIT(0) /* Scan Media flags: no event log */

/* CXL r3.1 8.2.9.9.4.1, .4, .5: a range of lines */
struct range_in {
	vcxl_le64 dpa, lines;
};
static_assert(sizeof(struct range_in) == 0x10, "CXL r3.1 8.2.9.9.4.1");

struct list_out {
	uint8_t flags, reserved;
	vcxl_le64 overflow_ns;
	vcxl_le16 n_records;
	uint8_t reserved2[20];
};
static_assert(sizeof(struct list_out) == 0x20, "CXL r3.1 8.2.9.9.4.1");

struct error_record {
	vcxl_le64 address; /* 2:0 error source */
	vcxl_le32 lines;
	uint8_t reserved[4];
};
static_assert(sizeof(struct error_record) == 0x10, "CXL r3.1 8.2.9.9.4.1");

/* CXL r3.1 8.2.9.9.4.3 */
struct clear_in {
	vcxl_le64 dpa;
	uint8_t data[VCXL_LINE];
};
static_assert(sizeof(struct clear_in) == 0x48, "CXL r3.1 8.2.9.9.4.3");

/* CXL r3.1 8.2.9.9.4.5 */
struct scan_in {
	struct range_in range;
	uint8_t flags;
};
static_assert(sizeof(struct scan_in) == 0x11, "CXL r3.1 8.2.9.9.4.5");

/* CXL r3.1 8.2.9.9.4.6 */
struct results_out {
	vcxl_le64 restart_dpa, restart_lines;
	uint8_t flags, reserved;
	vcxl_le16 n_records;
	uint8_t reserved2[12];
};
static_assert(sizeof(struct results_out) == 0x20, "CXL r3.1 8.2.9.9.4.6");

static enum cxl_rc check_lines(const struct vcxl_memdev *md, uint64_t dpa, uint64_t lines)
{
	if (dpa % VCXL_LINE)
		return CXL_RC_INVALID_INPUT;
	return lines <= UINT64_MAX / VCXL_LINE &&
			       vcxl_range_inside(dpa, lines * VCXL_LINE, 0, md->capacity)
		       ? CXL_RC_SUCCESS
		       : CXL_RC_INVALID_PHYSICAL_ADDRESS;
}

static enum cxl_rc check_range(const struct vcxl_memdev *md, const struct range_in *in,
			       uint64_t *dpa, uint64_t *len)
{
	*dpa = vcxl_get_le64(in->dpa);
	*len = vcxl_get_le64(in->lines) * VCXL_LINE;
	return check_lines(md, *dpa, vcxl_get_le64(in->lines));
}

/*
 * Appends the poison of [dpa, end) behind what is in the output, as much as fits; the same request
 * again goes on from there. Returns the number of records.
 */
static unsigned append_records(const struct vcxl_memdev *md, struct vcxl_msg *msg,
			       struct vcxl_poison_cursor *cursor, uint64_t dpa, uint64_t end,
			       bool only_listed)
{
	const unsigned room = (msg->out_max - msg->out_len) / (unsigned)sizeof(struct error_record);
	const bool again = cursor->more && cursor->dpa == dpa && cursor->len == end - dpa;
	const struct vcxl_poison_range *r;
	uint64_t at = again ? cursor->next_dpa : dpa;
	unsigned n = 0;

	*cursor = (struct vcxl_poison_cursor){ .dpa = dpa, .len = end - dpa };
	while ((r = vcxl_poison_find(&md->poison, at, end)) != NULL) {
		const uint64_t begin = r->dpa > at ? r->dpa : at;
		const uint64_t r_end = r->dpa + r->len < end ? r->dpa + r->len : end;
		uint64_t lines = (r_end - begin) / VCXL_LINE;
		struct error_record record = { .address = vcxl_le64_of(begin | r->source) };

		at = r_end;
		if (only_listed && !r->listed)
			continue;
		if (n == room) {
			cursor->more = true;
			cursor->next_dpa = begin;
			break;
		}
		if (lines > UINT32_MAX) {
			lines = UINT32_MAX;
			at = begin + lines * VCXL_LINE;
		}
		record.lines = vcxl_le32_of((uint32_t)lines);
		vcxl_msg_append(msg, &record, sizeof(record));
		n++;
	}
	return n;
}

static enum cxl_rc get_poison_list(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	struct vcxl_poison *poison = &md->poison;
	struct list_out out = { .flags = 0 };
	uint64_t dpa, len;
	const enum cxl_rc rc = check_range(md, msg->in, &dpa, &len);
	unsigned n;

	if (rc)
		return rc;
	msg->out_len = sizeof(out);
	n = append_records(md, msg, &poison->list_cursor, dpa, dpa + len, true);
	out.flags = (uint8_t)((poison->list_cursor.more ? LIST_MORE : 0) |
			      (poison->overflowed ? LIST_OVERFLOW : 0) |
			      (poison->scan.running ? LIST_SCANNING : 0));
	out.overflow_ns = vcxl_le64_of(poison->overflow_ns);
	out.n_records = vcxl_le16_of((uint16_t)n);
	memcpy(msg->out, &out, sizeof(out));
	return CXL_RC_SUCCESS;
}

static enum cxl_rc inject_poison(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const uint64_t dpa = vcxl_get_le64(*(const vcxl_le64 *)msg->in);
	const enum cxl_rc rc = check_lines(md, dpa, 1);

	if (rc)
		return rc;
	if (vcxl_poison_find(&md->poison, dpa, dpa + VCXL_LINE))
		return CXL_RC_SUCCESS;
	if (vcxl_poison_count(&md->poison, VCXL_POISON_INJECTED) >= md->poison.list_max ||
	    vcxl_memdev_poison(md, dpa, VCXL_LINE, VCXL_POISON_INJECTED))
		return CXL_RC_INJECT_POISON_LIMIT;
	vcxl_event_media(md, VCXL_EVENT_INFO, dpa, VCXL_MEDIA_UNCORRECTABLE,
			 VCXL_MEDIA_BY_INJECTION);
	return CXL_RC_SUCCESS;
}

static enum cxl_rc clear_poison(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct clear_in *in = msg->in;
	const uint64_t dpa = vcxl_get_le64(in->dpa);
	const enum cxl_rc rc = check_lines(md, dpa, 1);

	if (rc)
		return rc;
	if (md->locked && vcxl_memdev_is_persistent(md, dpa))
		return CXL_RC_INVALID_SECURITY_STATE;
	if (vcxl_memdev_write(md, dpa, in->data, VCXL_LINE))
		return CXL_RC_INTERNAL_ERROR;
	if (vcxl_memdev_heal(md, dpa, dpa + VCXL_LINE))
		return CXL_RC_PERMANENT_MEDIA_FAILURE;
	return CXL_RC_SUCCESS;
}

static uint32_t scan_ms(uint64_t len)
{
	return (uint32_t)((len + VCXL_MEDIA_BYTES_PER_MS - 1) / VCXL_MEDIA_BYTES_PER_MS);
}

static enum cxl_rc get_scan_media_capabilities(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	vcxl_le32 ms;
	uint64_t dpa, len;
	const enum cxl_rc rc = check_range(md, msg->in, &dpa, &len);

	if (rc)
		return rc;
	ms = vcxl_le32_of(scan_ms(len));
	return vcxl_msg_reply(msg, &ms, sizeof(ms));
}

static enum cxl_rc scan_media(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	const struct scan_in *in = msg->in;
	uint64_t dpa, len;
	const enum cxl_rc rc = check_range(md, &in->range, &dpa, &len);

	if (rc)
		return rc;
	md->poison.scan.any = true;
	md->poison.scan.running = true;
	md->poison.scan.quiet = in->flags & SCAN_QUIET;
	md->poison.scan.dpa = dpa;
	md->poison.scan.len = len;
	msg->duration_ps = scan_ms(len) * VCXL_PS_PER_MS;
	return CXL_RC_BACKGROUND_STARTED;
}

void vcxl_poison_rediscover(struct vcxl_memdev *md, uint64_t dpa, uint64_t end, bool quiet,
			    enum vcxl_media_transaction by)
{
	struct vcxl_poison *poison = &md->poison;
	struct vcxl_poison_range *r;

	for (uint64_t at = dpa; (r = vcxl_poison_find(poison, at, end)) != NULL;
	     at = r->dpa + r->len)
		if (!r->listed && vcxl_poison_list(poison, r) && !quiet)
			vcxl_event_media(md, VCXL_EVENT_WARNING, r->dpa, VCXL_MEDIA_UNCORRECTABLE,
					 by);
	if (poison->n_listed < poison->n)
		return;
	poison->overflowed = false; /* the list holds everything again */
	poison->overflow_ns = 0;
}

static enum cxl_rc finish_scan(struct vcxl_memdev *md, bool aborted)
{
	struct vcxl_poison *poison = &md->poison;
	const unsigned percent = vcxl_cci_percent(&md->mailbox.cci, md->now_ps);
	const uint64_t lines = poison->scan.len / VCXL_LINE;

	poison->scan.running = false;
	poison->scan.done = aborted ? lines / 100 * percent * VCXL_LINE : poison->scan.len;
	poison->scan.stopped_early = aborted;
	poison->results_cursor.more = false;
	vcxl_poison_rediscover(md, poison->scan.dpa, poison->scan.dpa + poison->scan.done,
			       poison->scan.quiet, VCXL_MEDIA_BY_SCAN);
	vcxl_scrub_schedule(md);
	return CXL_RC_SUCCESS;
}

static enum cxl_rc get_scan_media_results(struct vcxl_memdev *md, struct vcxl_msg *msg)
{
	struct vcxl_poison *poison = &md->poison;
	const uint64_t end = poison->scan.dpa + poison->scan.done;
	struct results_out out = { .flags = 0 };
	unsigned n;

	if (!poison->scan.any)
		return CXL_RC_UNSUPPORTED;
	if (poison->scan.running)
		return CXL_RC_BUSY;
	msg->out_len = sizeof(out);
	n = append_records(md, msg, &poison->results_cursor, poison->scan.dpa, end, false);
	out.flags = (uint8_t)(poison->results_cursor.more ? RESULTS_MORE : 0);
	if (poison->scan.stopped_early) {
		out.flags |= RESULTS_STOPPED;
		out.restart_dpa = vcxl_le64_of(end);
		out.restart_lines =
			vcxl_le64_of((poison->scan.len - poison->scan.done) / VCXL_LINE);
	}
	out.n_records = vcxl_le16_of((uint16_t)n);
	memcpy(msg->out, &out, sizeof(out));
	return CXL_RC_SUCCESS;
}

#define MEDIA   VCXL_CMD_NEEDS_MEDIA
#define FX_DATA CXL_EFFECT_DATA
#define FX_SCAN (CXL_EFFECT_BACKGROUND | CXL_EFFECT_ABORT)

/* clang-format off */
const struct vcxl_cmd vcxl_poison_commands[] = {
	/* opcode  name                     in: min   max   effects  flags  run                          finish */
	{ 0x4300, "Get Poison List",             0x10, 0x10, 0,       MEDIA, get_poison_list,             NULL },
	{ 0x4301, "Inject Poison",               0x08, 0x08, FX_DATA, MEDIA, inject_poison,               NULL },
	{ 0x4302, "Clear Poison",                0x48, 0x48, FX_DATA, MEDIA, clear_poison,                NULL },
	{ 0x4303, "Get Scan Media Capabilities", 0x10, 0x10, 0,       MEDIA, get_scan_media_capabilities, NULL },
	{ 0x4304, "Scan Media",                  0x11, 0x11, FX_SCAN, MEDIA, scan_media,                  finish_scan },
	{ 0x4305, "Get Scan Media Results",      0x00, 0x00, 0,       MEDIA, get_scan_media_results,      NULL },
};
/* clang-format on */
