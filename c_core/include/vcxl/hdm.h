/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HDM decoders and the one interleave formula. CXL r3.1 8.2.4.20 (registers) and 9.13 (rules).
 * Register bytes are decoded once, at commit, into struct vcxl_decoder; the access path reads that.
 */
#ifndef VCXL_HDM_H
#define VCXL_HDM_H

#include <stdbool.h>
#include <stdint.h>

#include <vcxl/bits.h>
#include <vcxl/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCXL_HDM_MAX_DECODERS 32
#define VCXL_HDM_MAX_TARGETS  8
#define VCXL_HDM_ALIGN        (256ull * 1024 * 1024) /* of base, size and DPA skip */
#define VCXL_MAX_WAYS         16

/*
 * Ways and granularity in the form that arithmetic wants: ways = (mod3 ? 3 : 1) << ways_shift,
 * granularity = 1 << granule_shift bytes. Zero-initialised is not valid; use vcxl_interleave_make.
 */
struct vcxl_interleave {
	uint8_t granule_shift; /* 8..14 */
	uint8_t ways_shift;    /* 0..4 */
	bool mod3;
};

/* ways in {1,2,3,4,6,8,12,16}, granularity a power of two 256..16384; else VCXL_E_CONFIG. */
enum vcxl_status vcxl_interleave_make(unsigned ways, unsigned granularity,
				      struct vcxl_interleave *out);
/* From the encoded fields IW (0-4, 8-10) and IG (0-6); reserved values: VCXL_E_CONFIG. */
enum vcxl_status vcxl_interleave_decode(unsigned eiw, unsigned eig, struct vcxl_interleave *out);
unsigned vcxl_interleave_eiw(struct vcxl_interleave il);
unsigned vcxl_interleave_eig(struct vcxl_interleave il);

static inline unsigned vcxl_interleave_ways(struct vcxl_interleave il)
{
	return (il.mod3 ? 3u : 1u) << il.ways_shift;
}

static inline uint64_t vcxl_interleave_granularity(struct vcxl_interleave il)
{
	return 1ull << il.granule_shift;
}

/* Which target an address selects: (address / granularity) mod ways. Windows and ports apply it to
 * the absolute HPA, see docs/decisions.md. */
static inline unsigned vcxl_interleave_position(struct vcxl_interleave il, uint64_t address)
{
	const uint64_t granule = address >> il.granule_shift;

	if (il.mod3)
		return (unsigned)(granule % (3ull << il.ways_shift));
	return (unsigned)(granule & ((1ull << il.ways_shift) - 1));
}

/* What remains of an offset when the bits that select the target are taken out:
 * (offset / granularity / ways) * granularity + offset mod granularity. */
static inline uint64_t vcxl_interleave_compress(struct vcxl_interleave il, uint64_t offset)
{
	uint64_t stripe = offset >> (il.granule_shift + il.ways_shift);

	if (il.mod3)
		stripe /= 3;
	return (stripe << il.granule_shift) | (offset & ((1ull << il.granule_shift) - 1));
}

enum vcxl_decoder_state {
	VCXL_DECODER_OFF,
	VCXL_DECODER_COMMITTED,
	VCXL_DECODER_ERROR /* Error Not Committed */
};

/* A decoder as committed. dpa_base and skip: endpoints; targets: ports. */
struct vcxl_decoder {
	uint64_t hpa_base, size;
	uint64_t dpa_base; /* device address of hpa_base; all earlier skips and sizes included */
	uint64_t skip;
	struct vcxl_interleave interleave;
	enum vcxl_decoder_state state;
	bool locked;
	uint8_t targets[VCXL_HDM_MAX_TARGETS]; /* port numbers, [0, ways) valid */
};

/* Half-open range of device addresses that a decoder must not leave (CXL r3.1 9.13.3). */
struct vcxl_dpa_range {
	uint64_t base, size;
};

/* Why a commit was refused; the text is for traces and messages. */
#define VCXL_HDM_ERRORS(X)                                                                         \
	X(VCXL_HDM_ERR_NONE, "committed")                                                          \
	X(VCXL_HDM_ERR_SIZE_ZERO, "size is 0")                                                     \
	X(VCXL_HDM_ERR_ENCODING, "interleave ways or granularity not supported")                   \
	X(VCXL_HDM_ERR_SIZE_ALIGN, "size is not a multiple of 256 MiB x ways")                     \
	X(VCXL_HDM_ERR_RANGE, "base + size exceeds the host address width")                        \
	X(VCXL_HDM_ERR_ORDER, "the decoder below is not committed")                                \
	X(VCXL_HDM_ERR_OVERLAP, "base lies below the end of the decoder below")                    \
	X(VCXL_HDM_ERR_CAPACITY, "device addresses end beyond capacity")                           \
	X(VCXL_HDM_ERR_PARTITION, "device addresses cross a partition boundary")                   \
	X(VCXL_HDM_ERR_TARGET, "target list names an absent or repeated port")                     \
	X(VCXL_HDM_ERR_TYPE, "target range type not supported")

enum vcxl_hdm_error {
#define VCXL_HDM_ERROR_ENUM(symbol, text) symbol,
	VCXL_HDM_ERRORS(VCXL_HDM_ERROR_ENUM)
#undef VCXL_HDM_ERROR_ENUM
};
const char *vcxl_hdm_error_text(enum vcxl_hdm_error error);

/* Fixed properties of a decoder set. */
struct vcxl_hdm_config {
	bool endpoint;
	uint8_t n_decoders;  /* 1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28 or 32 */
	uint8_t max_targets; /* ports: 1, 2, 4 or 8 */
	uint8_t hpa_bits;    /* width of host physical addresses, 36..64; 52 by default */
};

struct vcxl_hdm {
	struct vcxl_hdm_config config;
	bool enabled; /* HDM Decoder Enable of the Global Control register: of devices alone */
	struct vcxl_decoder decoders[VCXL_HDM_MAX_DECODERS];
	/* endpoints: partitions in DPA order; a range of size 0 is absent */
	struct vcxl_dpa_range partitions[10];
	unsigned n_partitions;
	/* ports: which port numbers exist below */
	uint64_t dports[4]; /* bitmap of 256 */
	enum vcxl_hdm_error last_error;
	/* called after a decoder of [hpa, hpa+size) became valid or ceased to be */
	void (*changed)(void *ctx, unsigned decoder, uint64_t hpa, uint64_t size);
	void *changed_ctx;
};

/* First decoder whose range holds hpa; NULL when none does, when it is not committed, or when HDM
 * decoding of a device is disabled. An access that would leave the range or the granule is the
 * caller's to split. */
const struct vcxl_decoder *vcxl_hdm_find(const struct vcxl_hdm *hdm, uint64_t hpa);

/* CXL r3.1 8.2.4.20.1: decoder count of the capability register; 0 for a count that cannot be. */
bool vcxl_hdm_count_valid(unsigned n_decoders);

#ifdef __cplusplus
}
#endif
#endif
